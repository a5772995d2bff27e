use serde::ser::{Serialize, SerializeMap, Serializer};

/// Names with borrowed values, as a list: `("a", &1, ("b", &2, ()))`.
pub trait Fields {
    /// How many there are.
    const COUNT: usize;

    /// Writes each as a member of an object.
    ///
    /// # Errors
    /// What the serializer says.
    fn write<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error>;
}

impl Fields for () {
    const COUNT: usize = 0;

    fn write<M: SerializeMap>(&self, _: &mut M) -> Result<(), M::Error> {
        Ok(())
    }
}

impl<V: Serialize + ?Sized, T: Fields> Fields for (&str, &V, T) {
    const COUNT: usize = 1 + T::COUNT;

    fn write<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
        map.serialize_entry(self.0, self.1)?;
        self.2.write(map)
    }
}

/// Arguments by name, as a JSON object.
#[derive(Clone, Copy, Debug)]
pub struct Named<F>(pub F);

impl<F: Fields> Serialize for Named<F> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(F::COUNT))?;
        self.0.write(&mut map)?;
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Payload;

    #[test]
    fn arguments_are_written_by_name_in_their_order() {
        let name = String::from("x");
        let args = Named(("name", &name, ("count", &[1, 2][..], ())));
        assert_eq!(Payload::of(&args).expect("JSON").as_json(), r#"{"name":"x","count":[1,2]}"#);
        assert_eq!(Payload::of(&Named(())).expect("JSON").as_json(), "{}");
    }
}
