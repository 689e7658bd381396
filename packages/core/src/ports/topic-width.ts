import { HoldfastError } from '../errors/holdfast-error.ts'

/** A topic that must have at least as many partitions as another: a record keeps the number of its partition in it. */
export interface TopicWidth {
  readonly topic: string
  /** By name or by pattern. */
  readonly source: string | RegExp
}

/**
 * What a driver throws from `start` for `asWideAs`, once it knows how many partitions topics have; `sourcesOf` says which
 * topics a name or a pattern means.
 * @throws HF_TOPIC_TOO_NARROW
 */
export function checkTopicWidths(
  widths: readonly TopicWidth[],
  sourcesOf: (source: string | RegExp) => readonly string[],
  partitionsOf: (topic: string) => number,
): void {
  for (const { topic, source } of widths) {
    const count = partitionsOf(topic)
    const wider = sourcesOf(source).find((each) => partitionsOf(each) > count)
    if (wider !== undefined) throw tooNarrow(topic, count, wider, partitionsOf(wider))
  }
}

function tooNarrow(topic: string, count: number, source: string, wanted: number): HoldfastError {
  const partitions = count === 1 ? '1 partition' : `${count} partitions`
  return new HoldfastError(
    'HF_TOPIC_TOO_NARROW',
    `the retry topic ${topic} has ${partitions}, and ${source} has ${wanted}: with keepOrder a record keeps the number of its partition.\n  Fix: give ${topic} ${wanted} partitions, or remove keepOrder.`,
    { details: { topic, partitions: count, source, sourcePartitions: wanted } },
  )
}
