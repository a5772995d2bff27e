/// A method per priority, beside a method `notify`.
macro_rules! methods_per_priority {
    () => {
        methods_per_priority! {
            audit, Audit, "for auditors";
            debug, Debug, "for those who look for a fault";
            info, Info, "of the usual course";
            warn, Warn, "of what may become a fault";
            error, Error, "of what went wrong";
            critical, Critical, "of what needs somebody at once";
            sample, Sample, "of a measurement";
        }
    };
    ($($method:ident, $priority:ident, $text:literal;)*) => {
        $(
            #[doc = concat!("Sends a notification ", $text, ".")]
            ///
            /// # Errors
            /// As [`notify`](Self::notify).
            pub fn $method<P: serde::Serialize>(
                &self,
                event_type: &str,
                payload: P,
            ) -> impl Future<Output = $crate::Result<()>> + Send + use<'_, P> {
                self.notify($crate::notify::Priority::$priority, event_type, payload)
            }
        )*
    };
}

pub(super) use methods_per_priority;
