import type { ThreadHandler } from '@holdfast/core'

/** Copies a record to the topic that its key names; the first attempt at each fails after it has produced. */
const copy: ThreadHandler = ({ key, value }, { attempt, produce }) => {
  produce({ topic: String(key), value })
  if (attempt === 1) throw new Error('no')
}

export default copy
