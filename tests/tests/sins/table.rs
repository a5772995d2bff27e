//! Which cases must catch which sin. Every case that a driver can fail stands here.

use busway_testkit::broken::Sin;

/// A sin, and cases that catch it.
pub(crate) type Row = (Sin, &'static [&'static str]);

#[rustfmt::skip]
pub(crate) const TABLE: &[Row] = &[
    (Sin::LosesCasts, &[
        "casts_to_a_topic_go_to_its_servers_in_turn",
        "a_request_that_waits_within_its_deadline_is_run",
    ]),
    (Sin::DuplicatesCasts, &[
        "each_cast_runs_once",
        "casts_to_a_server_that_does_not_keep_up_are_bounded",
    ]),
    (Sin::ReordersCasts, &[
        "a_cast_to_a_target_nobody_serves_is_undeliverable",
        "one_sender_reaches_one_consumer_in_order",
    ]),
    (Sin::AcceptsCastsUnseen, &[
        "an_accepted_cast_is_run",
    ]),
    (Sin::DuplicatesCalls, &[
        "a_cast_runs_its_method",
        "a_context_that_cannot_be_serialized_is_not_sent",
        "a_version_above_the_cap_does_not_leave",
        "a_server_that_joins_gets_its_share",
        "the_legacy_policy_opens_everything",
        "arguments_over_the_limit_do_not_leave",
    ]),
    (Sin::SendsTwiceWithoutRetries, &[
        "without_retries_at_most_once_means_once",
    ]),
    (Sin::RetriesWithoutRetries, &[
        "a_handler_that_runs_through_a_loss_runs_once_without_retries",
        "without_retries_at_most_once_means_once_under_loss",
    ]),
    (Sin::NeverRetries, &[
        "calls_of_a_hundred_senders_outlive_two_losses",
        "calls_of_a_hundred_senders_outlive_two_restarts",
        "a_cast_with_retries_waits_for_the_connection",
        "a_notification_with_retries_waits_for_the_connection",
    ]),
    (Sin::SendsLater, &[
        "a_send_without_retries_fails_while_the_bus_is_away",
        "a_send_on_a_blocked_bus_ends_with_its_deadline",
    ]),
    (Sin::NeverComesBack, &[
        "a_send_with_retries_ends_with_its_deadline_while_the_bus_is_away",
        "a_sender_that_waits_goes_on_when_there_is_room",
    ]),
    (Sin::LosesReplies, &[
        "a_null_result_is_a_result",
        "a_result_of_another_type_is_a_serialization_error",
        "what_is_served_is_not_held",
    ]),
    (Sin::MixesReplies, &[
        "a_call_without_arguments_passes_an_empty_object",
        "a_ping_is_answered_where_it_is_enabled",
        "the_configured_limits_bound_what_is_sent",
        "a_version_below_the_cap_is_sent",
        "an_endpoint_of_a_newer_minor_version_serves_the_older",
        "opening_may_be_cut_at_any_await",
        "opening_ends_while_the_bus_is_away",
        "opening_a_stalled_bus_ends",
    ]),
    (Sin::HidesFailures, &[
        "a_closed_method_is_one_that_is_not_there",
        "ill_typed_arguments_are_a_failure_of_the_handler",
        "a_result_over_the_limit_is_a_remote_failure",
    ]),
    (Sin::ShortensFailures, &[
        "a_ping_is_no_method_where_it_is_not_enabled",
        "the_default_policy_closes_names_with_an_underscore",
        "the_explicit_policy_opens_only_what_is_exposed",
        "a_method_nobody_has_is_no_such_method",
        "an_application_failure_keeps_class_module_message_and_traceback",
        "an_expected_failure_reaches_the_caller_like_any_other",
        "invalid_arguments_know_their_kind",
        "a_panic_is_a_failure_and_the_server_lives_on",
    ]),
    (Sin::CallsOneByOne, &[
        "a_stopping_server_answers_what_it_runs",
        "a_handler_may_call_its_own_topic",
        "closing_waits_for_the_calls_under_way",
        "a_server_runs_as_many_at_once_as_its_concurrency",
        "each_call_has_its_own_deadline",
        "a_timed_out_call_leaves_the_others_waiting",
    ]),
    (Sin::SticksWhenCut, &[
        "a_call_may_be_cut_at_any_await",
        "a_call_that_waits_may_be_cut",
        "what_is_cut_is_not_held",
    ]),
    (Sin::GoesOnWhenCut, &[
        "what_is_cut_while_the_bus_is_away_is_not_sent_later",
    ]),
    (Sin::IgnoresDeadlines, &[
        "the_configured_timeout_bounds_a_call",
        "a_call_without_a_reply_in_time_times_out",
        "a_deadline_of_zero_times_out_at_once",
        "a_late_reply_is_ignored",
        "a_send_on_a_stalled_bus_ends_with_its_deadline",
        "a_notification_on_a_stalled_bus_ends_with_its_deadline",
    ]),
    (Sin::ForgetsExpiry, &[
        "an_expired_call_is_not_run",
        "an_expired_cast_is_not_run",
    ]),
    (Sin::ExpiresCasts, &[
        "a_cast_without_a_timeout_never_expires",
    ]),
    (Sin::HidesUndeliverable, &[
        "a_call_to_a_target_nobody_serves_is_undeliverable",
    ]),
    (Sin::MixesKinds, &[
        "a_call_without_a_reply_in_time_times_out",
    ]),
    (Sin::IgnoresServers, &[
        "a_call_to_a_server_reaches_that_server",
    ]),
    (Sin::IgnoresTopics, &[
        "a_fan_out_reaches_no_other_topic",
        "a_handler_may_call_another_server",
        "a_slow_server_does_not_slow_another_topic",
        "topics_are_apart",
        "a_failure_passes_through_a_chain_of_servers",
    ]),
    (Sin::IgnoresPunctuation, &[
        "topics_with_odd_names_are_apart",
    ]),
    (Sin::IgnoresExchanges, &[
        "exchanges_of_notifications_are_apart",
        "a_fan_out_reaches_no_other_exchange",
        "an_exchange_is_reached_by_its_name",
        "exchanges_are_apart",
    ]),
    (Sin::DropsNamespaces, &[
        "namespaces_are_apart",
        "an_endpoint_answers_to_its_older_namespaces",
        "a_namespace_nobody_serves_is_an_unsupported_version",
    ]),
    (Sin::DropsVersions, &[
        "the_first_endpoint_that_fits_gets_the_request",
        "versions_are_apart",
        "a_version_nobody_serves_is_an_unsupported_version",
    ]),
    (Sin::DropsContexts, &[
        "the_trace_context_reaches_the_handler",
        "each_of_many_calls_at_once_has_its_own_context",
        "an_endpoint_gets_only_the_contexts_it_wants",
    ]),
    (Sin::ShortensContexts, &[
        "a_context_reaches_the_handler_of_a_cast",
        "a_context_reaches_every_server_of_a_fan_out",
        "a_context_serializer_sees_both_ends",
        "a_context_that_cannot_be_read_is_a_remote_failure",
    ]),
    (Sin::DropsOddKeys, &[
        "a_context_reaches_the_handler_of_a_call",
        "odd_keys_pass",
    ]),
    (Sin::ManglesText, &[
        "odd_text_passes",
    ]),
    (Sin::RoundsNumbers, &[
        "calls_go_on_after_the_connection_is_back",
        "a_server_can_be_started_right_after_a_loss",
        "a_send_on_a_blocked_bus_waits_until_it_takes_messages_again",
        "a_typed_call_returns_what_its_handler_returned",
        "a_dynamic_call_returns_what_its_handler_returned",
        "a_cast_may_be_cut_at_any_await",
        "a_failing_cast_leaves_the_server_serving",
        "numbers_at_the_edges_pass",
        "numbers_pass_digit_by_digit",
    ]),
    (Sin::DropsNulls, &[
        "empty_things_pass",
    ]),
    (Sin::TruncatesBodies, &[
        "large_and_odd_payloads_arrive",
        "a_mebibyte_passes_both_ways",
    ]),
    (Sin::FlattensBodies, &[
        "deep_nesting_within_the_limit_passes",
    ]),
    (Sin::FansOutToOne, &[
        "a_fan_out_may_be_cut_at_any_await",
    ]),
    (Sin::FansOutTwice, &[
        "a_fan_out_reaches_every_server_of_the_topic_once",
        "fan_outs_and_direct_casts_do_not_mix",
        "a_fan_out_reaches_servers_of_one_name_each",
        "many_fan_outs_reach_many_servers",
    ]),
    (Sin::FansOutToSomebody, &[
        "a_fan_out_to_nobody_is_no_error",
        "a_fan_out_reaches_only_those_who_listen_now",
    ]),
    (Sin::SubscribesLate, &[
        "a_stop_ends_by_its_deadline",
    ]),
    (Sin::KeepsDropped, &[
        "a_stop_of_a_server_may_be_cut_at_any_await",
        "a_start_of_a_listener_may_be_cut_at_any_await",
        "a_server_that_was_dropped_gets_nothing_more",
    ]),
    (Sin::ServesFirst, &[
        "each_topic_of_a_notifier_gets_a_copy",
        "calls_to_a_topic_go_to_its_servers_in_turn",
        "a_server_may_serve_several_topics",
        "many_clients_and_servers_talk_at_once",
        "a_thousand_topics_are_served",
    ]),
    (Sin::RefusesTwins, &[
        "a_server_stops_while_the_bus_is_away",
        "an_idle_server_stops_at_once",
        "a_server_starts_again_after_a_stop",
        "a_start_of_a_server_may_be_cut_at_any_await",
        "servers_of_one_name_share_what_goes_to_it",
        "a_failure_may_say_anything",
    ]),
    (Sin::HandsOverTooMuch, &[
        "the_configured_pool_size_bounds_a_server",
        "a_server_runs_never_more_than_its_concurrency_at_once",
    ]),
    (Sin::HandsOverOneByOne, &[
        "a_stopping_listener_finishes_what_it_handles",
    ]),
    (Sin::LosesOnStop, &[
        "a_stop_loses_nothing",
        "a_stop_of_one_server_among_others_loses_nothing",
        "a_stop_of_a_listener_loses_nothing",
        "a_stopped_listener_gives_back_its_batch",
    ]),
    (Sin::HangsOnStop, &[
        "many_servers_stop_at_once",
        "an_idle_listener_stops_at_once",
        "the_configured_topics_are_told_and_heard",
        "a_stop_of_a_listener_may_be_cut_at_any_await",
        "what_no_endpoint_wants_is_done_with",
        "a_server_that_stopped_gets_nothing_more",
    ]),
    (Sin::EndsEarly, &[
        "each_of_many_calls_at_once_gets_its_own_reply",
        "a_client_may_be_used_by_many_tasks",
        "each_call_runs_once",
        "many_notifications_at_once_arrive_once_each",
    ]),
    (Sin::LosesWhenCut, &[
        "what_a_listener_had_not_finished_comes_to_the_next",
    ]),
    (Sin::ForgetsDeadlines, &[
        "a_handler_knows_how_much_time_is_left",
    ]),
    (Sin::ForgetsAcknowledgements, &[
        "a_stop_of_a_listener_ends_by_its_deadline",
        "what_a_listener_had_not_finished_comes_to_the_next",
        "notifications_nobody_takes_are_bounded",
    ]),
    (Sin::AcknowledgesEarly, &[
        "what_a_listener_had_not_finished_comes_to_the_next",
    ]),
    (Sin::LosesRequeued, &[
        "what_is_requeued_comes_again_marked_as_redelivered",
        "what_an_endpoint_fails_on_comes_again",
        "what_an_endpoint_panics_on_comes_again",
        "a_requeued_notification_reaches_another_listener",
    ]),
    (Sin::ForgetsRedelivery, &[
        "what_a_listener_had_not_finished_comes_to_the_next",
    ]),
    (Sin::MarksEverything, &[
        "a_requeue_that_was_not_allowed_counts_as_handled",
    ]),
    (Sin::RequeuesLate, &[
        "what_is_requeued_comes_again_marked_as_redelivered",
    ]),
    (Sin::SendsNoHeartbeats, &[
        "heartbeats_keep_a_long_call_alive",
    ]),
    (Sin::InventsHeartbeats, &[
        "a_call_whose_server_died_times_out_by_its_monitor",
    ]),
    (Sin::RefusesMonitoring, &[
        "a_monitored_call_returns_its_result",
        "a_monitored_call_ends_with_its_own_timeout",
        "a_monitored_call_fails_as_its_handler_does",
    ]),
    (Sin::LosesNotifications, &[
        "notifications_go_on_after_the_connection_is_back",
        "a_listener_may_listen_to_several_topics",
    ]),
    (Sin::DuplicatesNotifications, &[
        "each_notification_reaches_one_of_the_listeners",
        "an_endpoint_that_fails_leaves_the_listener_listening",
        "an_endpoint_that_panics_leaves_the_listener_listening",
        "what_is_stopped_while_it_waits_comes_to_the_next",
        "an_endpoint_gets_only_the_publishers_it_wants",
    ]),
    (Sin::ReordersNotifications, &[
        "a_confirmed_notification_is_there",
        "notifications_reach_one_listener_in_order",
        "an_endpoint_gets_only_the_event_types_it_wants",
    ]),
    (Sin::ConfirmsUnseen, &[
        "a_notification_on_a_blocked_bus_ends_with_its_deadline",
        "what_a_pool_missed_before_it_was_there_stays_with_the_others",
    ]),
    (Sin::StoresNothing, &[
        "a_notification_nobody_listens_to_is_stored",
        "a_confirmed_notification_survives_a_restart",
    ]),
    (Sin::HearsNothing, &[
        "each_endpoint_gets_the_notification",
        "a_payload_over_the_limit_does_not_leave",
        "a_notification_may_be_cut_at_any_await",
        "an_endpoint_gets_only_the_payloads_it_wants",
    ]),
    (Sin::IgnoresPriorities, &[
        "each_priority_reaches_its_endpoint",
        "an_endpoint_gets_only_its_priorities",
    ]),
    (Sin::IgnoresNotificationTopics, &[
        "topics_of_notifications_are_apart",
    ]),
    (Sin::RenamesNotifications, &[
        "a_notification_arrives_with_all_its_fields",
    ]),
    (Sin::SharesPools, &[
        "each_pool_gets_a_copy_of_its_own",
        "a_listener_without_a_pool_gets_its_own_copy",
        "what_is_requeued_comes_to_the_same_pool",
    ]),
    (Sin::RefusesPools, &[
        "a_listener_without_a_pool_gets_its_own_copy",
    ]),
    (Sin::SplitsPools, &[
        "the_members_of_a_pool_share_its_copies",
        "a_pool_keeps_what_comes_while_its_members_are_away",
    ]),
    (Sin::TakesOne, &[
        "a_full_batch_does_not_wait",
        "a_batch_that_is_requeued_comes_again",
    ]),
    (Sin::WaitsForFullBatches, &[
        "a_batch_that_does_not_fill_comes_after_its_time",
        "a_batch_is_never_larger_than_its_size",
        "a_batch_keeps_the_order",
    ]),
    (Sin::HangsOnClose, &[
        "many_transports_open_and_close_at_once",
        "opening_again_after_closing_works",
        "a_closed_transport_refuses_everything",
    ]),
    (Sin::FailsSecondClose, &[
        "closing_twice_is_no_error",
        "closing_many_times_at_once_is_no_error",
    ]),
    (Sin::IgnoresClose, &[
        "closing_ends_while_the_bus_is_away",
        "closing_ends_while_the_bus_is_stalled",
        "closing_gives_up_what_is_still_under_way_at_its_deadline",
        "closing_ends_the_servers_of_the_transport",
        "a_wait_for_a_server_may_be_cut_at_any_await",
    ]),
    (Sin::ClosesOthers, &[
        "an_accepted_cast_is_run",
        "closing_one_transport_leaves_the_others_alone",
        "closing_may_be_cut_at_any_await",
        "rpc_and_notifications_of_one_topic_are_apart",
    ]),
    (Sin::LeavesTask, &[
        "a_dropped_transport_leaves_no_task_behind",
    ]),
    (Sin::TellsNothing, &[
        "a_loss_and_a_return_are_told_as_events",
        "a_blocked_bus_is_told_as_an_event",
    ]),
    (Sin::ChangesItsMind, &[
        "a_transport_declares_what_its_driver_declares",
    ]),
    (Sin::HidesRpc, &[
        "arguments_that_are_no_object_do_not_leave",
    ]),
    (Sin::IgnoresConfiguredExchange, &[
        "the_configured_exchange_is_the_scope_of_topics",
        "the_default_exchange_is_the_configured_one",
    ]),
];

/// What the core decides before a driver is asked.
#[rustfmt::skip]
pub(crate) const OUT_OF_REACH: &[&str] = &[
    "arguments_that_are_no_object_do_not_leave",
    "a_call_without_a_topic_is_an_invalid_target",
    "a_call_cannot_fan_out",
    "a_method_without_a_name_is_an_invalid_argument",
    "a_batch_size_of_zero_is_refused",
    "a_listener_without_an_endpoint_is_refused",
    "a_concurrency_of_zero_is_refused",
    "a_server_without_endpoints_is_refused",
    "a_server_needs_a_topic_and_a_name",
];
