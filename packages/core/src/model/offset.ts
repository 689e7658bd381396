import { HoldfastError } from '../errors/holdfast-error.ts'

/** Offsets are numbers inside; clients that carry 64-bit text come through here. */
export function parseOffset(text: string, where: string): number {
  const offset = Number(text)
  if (String(offset) === text && Number.isSafeInteger(offset)) return offset
  throw new HoldfastError(
    'HF_OFFSET_UNSAFE',
    `${where} has offset "${text}", which is not a whole number below 2^53.`,
    {
      details: { offset: text, where },
    },
  )
}
