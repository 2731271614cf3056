//! The tables, as diesel knows them. What the columns mean stands in the migrations.

diesel::table! {
    runs (id) {
        id -> Text,
        group_id -> Nullable<Text>,
        kind -> Text,
        of_run -> Nullable<Text>,
        name -> Text,
        model -> Text,
        dataset -> Text,
        dataset_fingerprint -> Text,
        dataset_len -> BigInt,
        selection -> Nullable<Text>,
        params -> Text,
        epochs -> BigInt,
        threshold -> Double,
        prompt_hash -> Text,
        judge -> Text,
        judge_hash -> Text,
        provider -> Text,
        harness_version -> Text,
        simulated -> Bool,
        git_commit -> Nullable<Text>,
        git_dirty -> Nullable<Bool>,
        started_at -> Timestamp,
        finished_at -> Nullable<Timestamp>,
        status -> Text,
        stop_kind -> Nullable<Text>,
        stop_message -> Nullable<Text>,
        planned -> BigInt,
        spec -> Nullable<Text>,
    }
}

diesel::table! {
    run_tags (run_id, key) {
        run_id -> Text,
        key -> Text,
        value -> Text,
    }
}

diesel::table! {
    run_summaries (run_id) {
        run_id -> Text,
        scored -> BigInt,
        unscored -> BigInt,
        failed -> BigInt,
        accuracy -> Nullable<Double>,
        accuracy_n -> Nullable<BigInt>,
        accuracy_se -> Nullable<Double>,
        accuracy_low -> Nullable<Double>,
        accuracy_high -> Nullable<Double>,
        accuracy_method -> Nullable<Text>,
        pass_rate -> Nullable<Double>,
        pass_rate_n -> Nullable<BigInt>,
        pass_rate_se -> Nullable<Double>,
        pass_rate_low -> Nullable<Double>,
        pass_rate_high -> Nullable<Double>,
        pass_rate_method -> Nullable<Text>,
        latency_n -> Nullable<BigInt>,
        latency_mean_ms -> Nullable<Double>,
        latency_p50_ms -> Nullable<Double>,
        latency_p95_ms -> Nullable<Double>,
        prompt_tokens -> Nullable<BigInt>,
        prompt_tokens_unknown -> BigInt,
        completion_tokens -> Nullable<BigInt>,
        completion_tokens_unknown -> BigInt,
        cost_nanos -> Nullable<BigInt>,
        cost_unknown -> BigInt,
        judge_cost_nanos -> Nullable<BigInt>,
        judge_cost_unknown -> BigInt,
        wall_ms -> Nullable<BigInt>,
    }
}

diesel::table! {
    run_categories (run_id, category) {
        run_id -> Text,
        category -> Text,
        scored -> BigInt,
        unscored -> BigInt,
        failed -> BigInt,
        accuracy -> Nullable<Double>,
        accuracy_n -> Nullable<BigInt>,
        accuracy_se -> Nullable<Double>,
        accuracy_low -> Nullable<Double>,
        accuracy_high -> Nullable<Double>,
        accuracy_method -> Nullable<Text>,
    }
}

diesel::table! {
    samples (hash) {
        hash -> Text,
        question -> Text,
        expected_output -> Nullable<Text>,
        turns -> Nullable<Text>,
        metadata -> Nullable<Text>,
    }
}

diesel::table! {
    evaluations (id) {
        id -> BigInt,
        run_id -> Text,
        sample_id -> Text,
        epoch -> BigInt,
        sample_hash -> Text,
        category -> Text,
        outcome -> Text,
        score -> Nullable<Double>,
        error_kind -> Nullable<Text>,
        error -> Nullable<Text>,
        answer -> Nullable<Text>,
        finish_reason -> Nullable<Text>,
        prompt_tokens -> Nullable<BigInt>,
        completion_tokens -> Nullable<BigInt>,
        cached_tokens -> Nullable<BigInt>,
        reasoning_tokens -> Nullable<BigInt>,
        cost_nanos -> Nullable<BigInt>,
        price_from -> Nullable<Text>,
        queued_ms -> Double,
        backing_off_ms -> Double,
        latency_ms -> Nullable<Double>,
        served_model -> Nullable<Text>,
        served_model_id -> Nullable<Text>,
        served_fingerprint -> Nullable<Text>,
        served_fallbacks -> Nullable<BigInt>,
        served_retries -> Nullable<BigInt>,
        served_cache_hit -> Nullable<Bool>,
        served_call_id -> Nullable<Text>,
        served_request_id -> Nullable<Text>,
        served_proxy -> Nullable<Text>,
        details -> Nullable<Text>,
        started_at -> Timestamp,
    }
}

diesel::table! {
    verdicts (evaluation_id, position) {
        evaluation_id -> BigInt,
        position -> BigInt,
        judge -> Text,
        score -> Nullable<Double>,
        explanation -> Nullable<Text>,
        error -> Nullable<Text>,
        prompt_tokens -> Nullable<BigInt>,
        completion_tokens -> Nullable<BigInt>,
        cached_tokens -> Nullable<BigInt>,
        cache_write_tokens -> Nullable<BigInt>,
        reasoning_tokens -> Nullable<BigInt>,
        cost_nanos -> Nullable<BigInt>,
        price_from -> Nullable<Text>,
        latency_ms -> Nullable<Double>,
    }
}

diesel::table! {
    attempts (run_id, id) {
        run_id -> Text,
        id -> BigInt,
        sample_id -> Text,
        epoch -> BigInt,
        purpose -> Text,
        model -> Text,
        begun_at -> Timestamp,
    }
}

diesel::table! {
    attempt_ends (run_id, id) {
        run_id -> Text,
        id -> BigInt,
        ended_at -> Timestamp,
        outcome -> Text,
        answer -> Nullable<Text>,
        error_kind -> Nullable<Text>,
        error -> Nullable<Text>,
        finish_reason -> Nullable<Text>,
        prompt_tokens -> Nullable<BigInt>,
        completion_tokens -> Nullable<BigInt>,
        cost_nanos -> Nullable<BigInt>,
        latency_ms -> Nullable<Double>,
        details -> Nullable<Text>,
    }
}

diesel::table! {
    leases (run_id) {
        run_id -> Text,
        owner -> Text,
        host -> Text,
        pid -> BigInt,
        pid_started -> Nullable<BigInt>,
        acquired_at -> Timestamp,
        heartbeat_at -> Timestamp,
        expires_at -> Timestamp,
    }
}

diesel::table! {
    baselines (name, dataset, blessed_at) {
        name -> Text,
        dataset -> Text,
        run_id -> Text,
        reason -> Text,
        blessed_by -> Text,
        blessed_at -> Timestamp,
    }
}

diesel::table! {
    marks (id) {
        id -> Text,
        name -> Text,
        dataset -> Text,
        prompt_hash -> Text,
        params -> Text,
        judge_hash -> Text,
        run_id -> Text,
        kind -> Text,
        author -> Text,
        reason -> Text,
        made_at -> Timestamp,
    }
}

diesel::table! {
    drift_reports (run_id, method, marks_version) {
        run_id -> Text,
        method -> Text,
        marks_version -> BigInt,
        name -> Text,
        dataset -> Text,
        status -> Text,
        report -> Text,
        computed_at -> Timestamp,
    }
}

diesel::table! {
    labels (run_id, sample_id, epoch, author, labelled_at) {
        run_id -> Text,
        sample_id -> Text,
        epoch -> BigInt,
        author -> Text,
        score -> Double,
        reason -> Nullable<Text>,
        labelled_at -> Timestamp,
    }
}

diesel::table! {
    jobs (id) {
        id -> Text,
        submitter -> Text,
        idempotency_key -> Nullable<Text>,
        body_hash -> Nullable<Text>,
        request -> Text,
        callback -> Nullable<Text>,
        state -> Text,
        cancelling -> Bool,
        pausing -> Bool,
        runs -> Text,
        error -> Nullable<Text>,
        submitted_at -> Timestamp,
        claimed_at -> Nullable<Timestamp>,
        ended_at -> Nullable<Timestamp>,
        owner -> Nullable<Text>,
        host -> Nullable<Text>,
        pid -> Nullable<BigInt>,
        pid_started -> Nullable<BigInt>,
        expires_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    deliveries (id) {
        id -> Text,
        run_id -> Text,
        ended_at -> Nullable<Timestamp>,
        receiver -> Text,
        state -> Text,
        attempts -> BigInt,
        next_at -> Nullable<Timestamp>,
        tried_at -> Nullable<Timestamp>,
        status -> Nullable<BigInt>,
        error -> Nullable<Text>,
    }
}

diesel::table! {
    subscriptions (name) {
        name -> Text,
        since -> Timestamp,
    }
}

diesel::table! {
    tokens (id) {
        id -> Text,
        name -> Text,
        scope -> Text,
        secret_hash -> Text,
        created_at -> Timestamp,
        expires_at -> Nullable<Timestamp>,
        last_used_at -> Nullable<Timestamp>,
        revoked_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    alerts (id) {
        id -> Text,
        key -> Text,
        severity -> Nullable<Text>,
        title -> Text,
        run_id -> Nullable<Text>,
        seen -> BigInt,
        opened_at -> Timestamp,
        last_seen_at -> Timestamp,
        notified_at -> Nullable<Timestamp>,
        ack -> Nullable<Text>,
        ack_by -> Nullable<Text>,
        ack_reason -> Nullable<Text>,
        ack_at -> Nullable<Timestamp>,
        recovered_at -> Nullable<Timestamp>,
        ack_until -> Nullable<Timestamp>,
    }
}

diesel::table! {
    notices (id) {
        id -> Text,
        alerts -> Text,
        channel -> Text,
        kind -> Text,
        body -> Text,
        state -> Text,
        attempts -> BigInt,
        next_at -> Nullable<Timestamp>,
        tried_at -> Nullable<Timestamp>,
        error -> Nullable<Text>,
    }
}

diesel::table! {
    notice_alerts (alert_id, notice_id) {
        alert_id -> Text,
        notice_id -> Text,
    }
}

diesel::table! {
    audit (id) {
        id -> Text,
        done_at -> Timestamp,
        who -> Text,
        what -> Text,
        target -> Text,
        details -> Text,
    }
}

diesel::joinable!(run_summaries -> runs (run_id));
diesel::joinable!(leases -> runs (run_id));
diesel::joinable!(evaluations -> samples (sample_hash));
diesel::allow_tables_to_appear_in_same_query!(runs, run_summaries, run_tags, leases);
diesel::allow_tables_to_appear_in_same_query!(evaluations, samples, verdicts);
diesel::allow_tables_to_appear_in_same_query!(runs, deliveries);
diesel::allow_tables_to_appear_in_same_query!(notices, notice_alerts);
diesel::allow_tables_to_appear_in_same_query!(attempts, attempt_ends);
