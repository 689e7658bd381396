import type { StandardSchemaV1 } from '@standard-schema/spec'
import type { ConsumerRecord } from '../model/record.ts'

/** The record a handler takes when its value is decoded by `json(schema)`. */
export type RecordOf<Schema extends StandardSchemaV1> = ConsumerRecord<StandardSchemaV1.InferOutput<Schema>>
