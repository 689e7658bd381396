import type { ThreadHandler } from '@holdfast/core'

/** Does nothing: what is left is the way there and back. */
const handler: ThreadHandler = () => undefined

export default handler
