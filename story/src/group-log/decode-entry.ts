/** What the broker's own log says about a group. */
export type GroupEntry =
  | { readonly type: 'generation'; readonly groupId: string; readonly generation: number }
  | {
      readonly type: 'commit'
      readonly groupId: string
      readonly topic: string
      readonly partition: number
      readonly offset: number
    }

/** Versions of the key, which say what the record is about (Kafka's `OffsetCommitKey` and `GroupMetadataKey`). */
const COMMIT_KEYS: readonly number[] = [0, 1]
const GENERATION_KEY = 2

/** Reads a record of `__consumer_offsets`; undefined where it is about something else, or removes something. */
export function decodeEntry(key: Buffer | null, value: Buffer | null): GroupEntry | undefined {
  if (key === null || value === null) return undefined
  const version = key.readInt16BE(0)
  const [groupId, afterGroup] = readText(key, 2)
  if (version === GENERATION_KEY) {
    const [, afterType] = readText(value, 2)
    return { type: 'generation', groupId, generation: value.readInt32BE(afterType) }
  }
  if (!COMMIT_KEYS.includes(version)) return undefined
  const [topic, afterTopic] = readText(key, afterGroup)
  return {
    type: 'commit',
    groupId,
    topic,
    partition: key.readInt32BE(afterTopic),
    offset: Number(value.readBigInt64BE(2)),
  }
}

function readText(bytes: Buffer, at: number): [text: string, next: number] {
  const start = at + 2
  const end = start + Math.max(0, bytes.readInt16BE(at))
  return [bytes.toString('utf8', start, end), end]
}
