/** The topic of the requests. */
export const TOPIC = process.env.MAIL_TOPIC || 'mail.requested'

/** Where requests go whose mail can never be sent. */
export const DEAD_TOPIC = process.env.MAIL_DEAD_TOPIC || `${TOPIC}.dead`

/** The consumer group of the workers. */
export const GROUP = process.env.MAIL_GROUP || 'mail-sender'

/** How many mails a worker sends at the same time, over all its partitions. */
export const CONCURRENCY = Number(process.env.MAIL_CONCURRENCY || 6)
