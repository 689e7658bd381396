export { createProducer, type RecordWriter } from './create-producer.ts'
export { type HardenOptions, hardenKafkajs } from './internals/harden.ts'
export { kafkajs } from './kafkajs.ts'
export type { KafkajsOptions, SaslOptions } from './options.ts'
