use busway_core::driver::Capabilities;

macro_rules! sins {
    ($($(#[doc = $text:literal])+ $sin:ident,)*) => {
        /// One thing that a broken driver does wrong, while it does all else right.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Sin {
            $($(#[doc = $text])+ $sin,)*
        }

        impl Sin {
            /// Every sin.
            pub const ALL: &'static [Self] = &[$(Self::$sin,)*];
        }
    };
}

sins! {
    /// Every third cast is accepted and lost.
    LosesCasts,
    /// Every third cast arrives twice.
    DuplicatesCasts,
    /// Every second cast arrives after those that follow it.
    ReordersCasts,
    /// Casts are accepted before the bus has them.
    AcceptsCastsUnseen,
    /// A call runs twice.
    DuplicatesCalls,
    /// A request without retries is sent twice.
    SendsTwiceWithoutRetries,
    /// A request without retries is sent again after a loss.
    RetriesWithoutRetries,
    /// Nothing is ever sent again.
    NeverRetries,
    /// A send that has failed is tried again later.
    SendsLater,
    /// After the first failure of the bus, nothing works any more.
    NeverComesBack,
    /// Replies are lost.
    LosesReplies,
    /// A reply goes to the next caller.
    MixesReplies,
    /// A failure comes as a null result.
    HidesFailures,
    /// A failure comes without its module and its traceback.
    ShortensFailures,
    /// One call at a time, and others wait.
    CallsOneByOne,
    /// A sender that is cut off leaves a lock behind.
    SticksWhenCut,
    /// A sender goes on after it was cut off.
    GoesOnWhenCut,
    /// Nothing ends by its deadline.
    IgnoresDeadlines,
    /// A request does not carry its deadline.
    ForgetsExpiry,
    /// A cast expires with the deadline of its sending.
    ExpiresCasts,
    /// A target that nobody serves is a time-out, and casts to it vanish.
    HidesUndeliverable,
    /// Every error is of one kind.
    MixesKinds,
    /// What goes to a server goes to any server of the topic.
    IgnoresServers,
    /// All topics are one.
    IgnoresTopics,
    /// Topics differ by their letters only.
    IgnoresPunctuation,
    /// All exchanges are one.
    IgnoresExchanges,
    /// Namespaces do not travel.
    DropsNamespaces,
    /// Versions do not travel.
    DropsVersions,
    /// Contexts do not travel.
    DropsContexts,
    /// A context keeps only its last value.
    ShortensContexts,
    /// Names of arguments that the wire uses itself do not travel.
    DropsOddKeys,
    /// Text that is no ASCII does not travel.
    ManglesText,
    /// Numbers travel as floating-point numbers.
    RoundsNumbers,
    /// Nulls do not travel.
    DropsNulls,
    /// Bodies over 64 KiB arrive empty.
    TruncatesBodies,
    /// Deep nesting does not travel.
    FlattensBodies,
    /// A fan-out goes to one server.
    FansOutToOne,
    /// A fan-out goes to one server more than once.
    FansOutTwice,
    /// A fan-out to nobody is an error.
    FansOutToSomebody,
    /// A server that has subscribed is there a while later.
    SubscribesLate,
    /// A server that was dropped still gets its share.
    KeepsDropped,
    /// Only the first server of a transport gets anything.
    ServesFirst,
    /// A server of the name of another is refused.
    RefusesTwins,
    /// More is handed over than was asked for.
    HandsOverTooMuch,
    /// One message at a time is handed over, and the next one after it was settled.
    HandsOverOneByOne,
    /// What was fetched is lost when the subscription ends.
    LosesOnStop,
    /// A subscription never ends.
    HangsOnStop,
    /// A subscription ends after twenty messages.
    EndsEarly,
    /// What is being handed over is lost when the taker is cut off.
    LosesWhenCut,
    /// The handler's deadline is not the caller's.
    ForgetsDeadlines,
    /// Acknowledgements of what is not answered do not arrive.
    ForgetsAcknowledgements,
    /// What was handed over is acknowledged at once.
    AcknowledgesEarly,
    /// What is requeued is gone.
    LosesRequeued,
    /// What comes again is not marked.
    ForgetsRedelivery,
    /// What comes for the first time is marked as if it came again.
    MarksEverything,
    /// A requeued message comes to nobody but the next listener.
    RequeuesLate,
    /// Heartbeats are not sent.
    SendsNoHeartbeats,
    /// Heartbeats come from nobody.
    InventsHeartbeats,
    /// Monitored calls do not work.
    RefusesMonitoring,
    /// A confirmed notification is lost, one of three.
    LosesNotifications,
    /// Every third notification arrives twice.
    DuplicatesNotifications,
    /// Every second notification arrives after those that follow it.
    ReordersNotifications,
    /// Notifications are confirmed before the bus has them.
    ConfirmsUnseen,
    /// Notifications are declared durable, and stored only where somebody listens.
    StoresNothing,
    /// Listeners to notifications hear nothing.
    HearsNothing,
    /// Every notification has the priority info.
    IgnoresPriorities,
    /// All topics of notifications are one.
    IgnoresNotificationTopics,
    /// A notification gets a new id and a new time on its way.
    RenamesNotifications,
    /// Pools share their messages.
    SharesPools,
    /// Pools do not work.
    RefusesPools,
    /// Each member of a pool is a pool of its own.
    SplitsPools,
    /// Batches are of one.
    TakesOne,
    /// A batch waits until it is full.
    WaitsForFullBatches,
    /// Closing never ends.
    HangsOnClose,
    /// Closing twice is an error.
    FailsSecondClose,
    /// Closing does nothing.
    IgnoresClose,
    /// Closing ends whatever others have open.
    ClosesOthers,
    /// A task stays behind.
    LeavesTask,
    /// Nothing is told of the connection.
    TellsNothing,
    /// What is declared changes.
    ChangesItsMind,
    /// RPC works, and is not declared.
    HidesRpc,
    /// The configured exchange is not heeded.
    IgnoresConfiguredExchange,
}

impl Sin {
    /// What a driver declares that commits it.
    #[must_use]
    pub fn declares(self, declared: Capabilities) -> Capabilities {
        match self {
            Self::HidesRpc => Capabilities { rpc: false, ..declared },
            Self::StoresNothing => Capabilities { durable_notifications: true, ..declared },
            _ => declared,
        }
    }
}
