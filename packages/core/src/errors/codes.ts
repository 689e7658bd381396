import type { ErrorCode } from './error-code.ts'

/** What a code means, whether trying again can help, and what to do about it. */
export interface ErrorCodeEntry {
  readonly meaning: string
  readonly retryable: boolean
  readonly fix: string
}

/** Every error that holdfast throws or reports, by code. `docs/errors.md` shows the same table. */
export const ERROR_CODES: Readonly<Record<ErrorCode, ErrorCodeEntry>> = {
  HF_ABORTED: {
    meaning:
      'The attempt was asked to end: its partition was revoked or lost, its deadline passed, or the consumer stops.',
    retryable: true,
    fix: 'Let the handler return soon after its signal aborts; the record is delivered again.',
  },
  HF_AUTH_FAILED: {
    meaning: 'The broker refused the SASL credentials or the TLS handshake.',
    retryable: false,
    fix: 'Check sasl.mechanism, sasl.username and sasl.password, and the certificate authority in ssl.',
  },
  HF_BATCH_RESULT_INVALID: {
    meaning: 'A batch handler settled, or answered for, records that are not in its batch, or settled in a thread.',
    retryable: false,
    fix: 'Settle the records that the handler was called with, or answer one entry for each, in their order.',
  },
  HF_BROKER_UNREACHABLE: {
    meaning: 'No broker of the bootstrap list answered in time.',
    retryable: true,
    fix: 'Check brokers, the listener that the broker advertises, DNS and firewalls.',
  },
  HF_CLAIM_LOST: {
    meaning: 'The lease on an idempotency key ran out before its attempt ended, and another may have the key.',
    retryable: true,
    fix: 'Nothing to do where a process stood still. Otherwise raise leaseMs, and let the handler end when its signal aborts.',
  },
  HF_COMMIT_FENCED: {
    meaning: 'A commit was refused because its generation or epoch is over; another member owns the partition.',
    retryable: false,
    fix: 'Nothing to do: the new owner starts from the last acknowledged offset.',
  },
  HF_COMMIT_UNKNOWN: {
    meaning: 'A commit got no answer; it may or may not have been stored.',
    retryable: true,
    fix: 'Nothing to do: it is repeated under the same epoch until it is acknowledged or fenced.',
  },
  HF_DEAD_LETTER_FAILED: {
    meaning:
      'A record that failed for good could not be written to its dead-letter topic. It stays open and is tried again.',
    retryable: true,
    fix: 'Create the topic, give the service the right to write to it, or raise its max.message.bytes; see the cause.',
  },
  HF_DECODE_FAILED: {
    meaning: 'A key, value or header could not be decoded, or did not pass its schema.',
    retryable: false,
    fix: 'Correct the producer or widen the schema; until then such records are dead, or their partition halts at them.',
  },
  HF_DRIVER_CRASHED: {
    meaning: 'The client library ended the consumer and will not restart it.',
    retryable: true,
    fix: 'See the cause; let the process supervisor restart the service.',
  },
  HF_DRIVER_INCOMPATIBLE: {
    meaning: 'The installed client library is not the version whose internals this driver knows.',
    retryable: false,
    fix: 'Install the exact version that the driver pins.',
  },
  HF_FILTER_FAILED: {
    meaning:
      'A function given to when, of onFailure or of a circuit breaker, threw or answered a promise. It fits nothing then.',
    retryable: false,
    fix: 'Correct the function, so that it answers true or false for any thrown value; no record is skipped because of it.',
  },
  HF_HANDLER_CONFLICT: {
    meaning: 'Two handlers claim the same topic.',
    retryable: false,
    fix: 'Keep one handler per topic and consumer; use two consumers with two groups to process a topic twice.',
  },
  HF_HANDLER_FAILED: {
    meaning: 'A handler failed and its attempts are used up; the partition is halted at the record.',
    retryable: false,
    fix: 'Correct the cause and restart the consumer; nothing past the record has been committed.',
  },
  HF_HANDLER_MISSING: {
    meaning: 'A subscribed topic has no handler.',
    retryable: false,
    fix: 'Add on(topic, handler) to handlers, or remove the topic.',
  },
  HF_HANDLER_TIMEOUT: {
    meaning: 'A handler outlasted handlerTimeoutMs, and onHandlerTimeout does not wait for it.',
    retryable: false,
    fix: 'Let the handler end when its signal aborts, raise handlerTimeoutMs, or lower the time that it takes.',
  },
  HF_IDEMPOTENCY_KEY_MISSING: {
    meaning: 'A record has no idempotency key, or an empty one: nobody could tell its repeat from another record.',
    retryable: false,
    fix: 'Let the producer set the key, or choose another one with the option key of idempotent.',
  },
  HF_IDEMPOTENCY_MISMATCH: {
    meaning: 'A record has the idempotency key of another one, and another payload.',
    retryable: false,
    fix: 'Let the producer use a key once; a request that changed is a new request.',
  },
  HF_INSTANCE_FENCED: {
    meaning: 'Another process joined the group under the same groupInstanceId, and has taken over.',
    retryable: false,
    fix: 'Give every member a groupInstanceId of its own, such as the name of its pod in a StatefulSet.',
  },
  HF_INTERNAL: {
    meaning: 'Holdfast broke one of its own rules.',
    retryable: false,
    fix: 'Report it with the stack; the consumer stops without committing.',
  },
  HF_KEY_ORDER_UNKNOWN: {
    meaning: 'Which keys have records in retry topics with keepOrder could not be looked up. It is tried again.',
    retryable: true,
    fix: 'See the cause: a retry topic needs as many partitions as its source, and the right to read and describe it.',
  },
  HF_LISTEN_FAILED: {
    meaning: 'The health server cannot listen on its port.',
    retryable: false,
    fix: 'Choose another port, or 0 for any that is free, and a host of this machine; two processes cannot share one.',
  },
  HF_MIDDLEWARE_TIMEOUT: {
    meaning: 'What the middleware timeout(ms) stands around has taken longer than that.',
    retryable: true,
    fix: 'Let the handler end when its signal aborts, raise the time of timeout, or lower what the handler takes.',
  },
  HF_NEXT_REFUSED: {
    meaning: 'A middleware called next twice, or after it had returned.',
    retryable: false,
    fix: 'Call next once, and await it; to try a record again throw, and let onFailure say how often.',
  },
  HF_OFFSET_MISSING: {
    meaning: 'A partition has no committed offset, or one outside its log, and autoOffsetReset is none.',
    retryable: false,
    fix: 'Commit an offset for the group, or set autoOffsetReset to earliest or latest.',
  },
  HF_OFFSET_UNSAFE: {
    meaning: 'An offset is past 2^53 − 1 and cannot be held exactly.',
    retryable: false,
    fix: 'No broker reaches such offsets by itself; check what wrote the log or the committed offset.',
  },
  HF_OPTION_INVALID: {
    meaning: 'An option has a value, a name or a type that is not allowed.',
    retryable: false,
    fix: 'Correct the option that the message names.',
  },
  HF_ORDER_FAILED: {
    meaning: 'The function given as order threw for a record, or answered neither a text nor a number.',
    retryable: false,
    fix: 'Correct the function, so that it has an answer for any record; the record is dead, or its partition halted at it.',
  },
  HF_OUTPUT_INVALID: {
    meaning: 'Something that is no record was given to context.produce.',
    retryable: false,
    fix: 'Give a topic, and key, value and headers as text, as a Buffer or as null.',
  },
  HF_OUTPUT_REFUSED: {
    meaning:
      'An output was given to context.produce without transactions, after its attempt, or for records it cannot be tied to.',
    retryable: false,
    fix: 'Set transactions, await what the handler begins, and in a batch name the record that an output follows from.',
  },
  HF_PARTITION_MISSING: {
    meaning: 'A record names a partition that its topic does not have.',
    retryable: true,
    fix: 'Raise the number of partitions of the topic, or let the key decide.',
  },
  HF_POISON_RECORD: {
    meaning:
      'The process ended again and again while this record was handled; the middleware poisonGuard keeps it away.',
    retryable: false,
    fix: 'Correct the handler, then remove the record from the store of poisonGuard.',
  },
  HF_PRODUCE_FAILED: {
    meaning: 'Records were not acknowledged by all replicas in sync; they may have been written.',
    retryable: true,
    fix: 'See the message and the cause; without a leader or enough replicas, bring the brokers of the topic up.',
  },
  HF_PROGRESS_CONFLICT: {
    meaning:
      'The database is further in a partition than its log is: the topic was created anew, or has lost its end. No handler is called.',
    retryable: true,
    fix: 'Say by setProgress which records are done: none of another topic, those before the end of a log that lost it.',
  },
  HF_PROMISE_CONFLICT: {
    meaning: 'Two options ask for promises that cannot both be kept.',
    retryable: false,
    fix: 'Change one of the options that the message names.',
  },
  HF_PROTOCOL_FAULT: {
    meaning: 'The peer did not answer in the Kafka protocol, or sent a frame that no broker sends.',
    retryable: false,
    fix: 'Check host and port: an HTTP server or a TLS listener may be answering there.',
  },
  HF_RECORD_LIMIT: {
    meaning: 'A record is larger, has more headers, or is nested deeper than a limit of the consumer allows.',
    retryable: false,
    fix: 'Raise the limit that the message names, or let the producer send less.',
  },
  HF_RECORD_REFUSED: {
    meaning: 'A topic does not take a record as it is: without a key, with such a timestamp, or under such a name.',
    retryable: false,
    fix: 'See the message: a compacted topic wants keys, and a topic can bound timestamps.',
  },
  HF_RECORD_TOO_LARGE: {
    meaning: 'A topic does not take a record of this size.',
    retryable: false,
    fix: 'Raise max.message.bytes of the topic, or write less.',
  },
  HF_RETRY_TOPIC_FAILED: {
    meaning:
      'A record that failed could not be written to its retry topic. It stays open and is written again, unless it is too large for that.',
    retryable: true,
    fix: 'Create the topic, give the service the right to write to it, or raise its max.message.bytes; see the cause.',
  },
  HF_SASL_WITHOUT_TLS: {
    meaning: 'SASL credentials would travel unencrypted to a host that is not this machine.',
    retryable: false,
    fix: 'Set ssl: true, or allowPlaintextSasl: true on a network that you trust.',
  },
  HF_SESSION_TIMEOUT_REFUSED: {
    meaning: "The broker's bounds do not admit sessionTimeoutMs.",
    retryable: false,
    fix: "Choose a value between the broker's group.min.session.timeout.ms and group.max.session.timeout.ms.",
  },
  HF_STATE_INVALID: {
    meaning: 'The call does not fit the state of the consumer.',
    retryable: false,
    fix: 'A consumer runs once; create a new one to run again.',
  },
  HF_STORE_REFUSED: {
    meaning: 'The idempotency store cannot keep its word as it is set up, so the consumer does not start.',
    retryable: false,
    fix: 'Do what the message says: set the eviction policy of Redis, or create the table.',
  },
  HF_STORE_UNAVAILABLE: {
    meaning:
      'The idempotency store did not answer; no handler is called without its answer, and no attempt is counted.',
    retryable: true,
    fix: 'Bring the store back, or let this service reach it; see the cause. Records go on by themselves.',
  },
  HF_STRATEGY_CONFLICT: {
    meaning: 'The members of the group have no assignment strategy in common.',
    retryable: false,
    fix: 'Add a strategy that the other members have to partitionAssignmentStrategy, such as range.',
  },
  HF_THREAD_DIED: {
    meaning:
      'The thread in which a handler ran ended under it: by process.exit, an error outside the handler, or memory.',
    retryable: true,
    fix: 'See the cause. Await everything that the handler begins, and raise threads.resourceLimits where memory ran out.',
  },
  HF_THREAD_MODULE_INVALID: {
    meaning: 'The module of a handler with isolate cannot be loaded in a thread, or has no function as default export.',
    retryable: false,
    fix: 'Check the URL given to on, and export the handler as the default of that module.',
  },
  HF_THREAD_VALUE_REFUSED: {
    meaning: 'A decoded key, value or header cannot be cloned, and so cannot be handed to a handler in a thread.',
    retryable: false,
    fix: 'Decode to plain values without functions, promises or symbols, or leave the decoder out and decode in the module.',
  },
  HF_TOPIC_MISSING: {
    meaning: 'A subscribed topic does not exist on the brokers.',
    retryable: true,
    fix: 'Create the topic; holdfast never creates one by subscribing.',
  },
  HF_TOPIC_TOO_NARROW: {
    meaning: 'A retry topic that keeps the order of keys has fewer partitions than a topic that its records come from.',
    retryable: false,
    fix: 'Raise its number of partitions to that of its source, or remove keepOrder.',
  },
  HF_TRANSACTIONAL_ID_TAKEN: {
    meaning:
      'Another process, which is not of this group, writes under the transactional id of a partition that is ours.',
    retryable: false,
    fix: 'Give every group, and every cluster of services, a transactionalIdPrefix of its own.',
  },
  HF_TRANSACTION_REFUSED: {
    meaning:
      'The brokers refuse the transactions of this consumer: its ids, its commits for the group, a time-out of a minute, or the text that goes with offsets.',
    retryable: false,
    fix: 'Allow its user WRITE and DESCRIBE on the ids and READ on the group; leave transaction.max.timeout.ms at a minute, and offset.metadata.max.bytes at 4096, or more.',
  },
  HF_TRANSACTION_UNRESOLVED: {
    meaning: 'A transaction failed, or got no answer; nothing of it is visible, or all. It is resolved and repeated.',
    retryable: true,
    fix: 'Nothing if it passes; else see the cause: a topic of an output that is missing, too small for it, or without a leader.',
  },
  HF_UNDECODABLE: {
    meaning:
      'The log holds a batch or record that the client cannot decode: corrupt, of an unknown codec, or beyond a limit.',
    retryable: false,
    fix: 'Set deadLetterTopic, so that its offsets are noted there and passed; or raise the limit that the message names.',
  },
}
