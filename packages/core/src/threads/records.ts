import { type HeaderEntry, RecordHeaders } from '../model/record.ts'
import type { DecodedRecord } from '../pipeline/decode.ts'
import type { RecordMessage } from './messages.ts'

export function recordMessage(record: DecodedRecord): RecordMessage {
  const { topic, partition, offset, timestamp, key, value, headers } = record
  const rest = { topic, partition, offset, timestamp, key, value }
  return headers instanceof RecordHeaders
    ? { ...rest, headers: undefined, rawHeaders: [...headers] }
    : { ...rest, headers }
}

export function recordOf({ rawHeaders, ...rest }: RecordMessage): DecodedRecord {
  return rawHeaders === undefined ? rest : { ...rest, headers: RecordHeaders.of(rawHeaders as readonly HeaderEntry[]) }
}
