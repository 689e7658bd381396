import { expect, test } from 'vitest'
import { resolveKafkajsOptions } from '../src/options.ts'

// With none at all nothing would ever be read, and nothing said.
test.each([0, -1, 1.5, Number.NaN, '128 MiB'])('maxDecompressedBytes = %s is refused', (value) => {
  const options = { brokers: ['localhost:9092'], maxDecompressedBytes: value as number }
  expect(() => resolveKafkajsOptions(options)).toThrow(
    expect.objectContaining({
      code: 'HF_OPTION_INVALID',
      message: expect.stringContaining(`maxDecompressedBytes = ${value}`),
    }),
  )
})

test('maxDecompressedBytes may be a whole number of bytes, or left out', () => {
  const brokers = ['localhost:9092']
  expect(resolveKafkajsOptions({ brokers, maxDecompressedBytes: 1 }).maxDecompressedBytes).toBe(1)
  expect(resolveKafkajsOptions({ brokers }).maxDecompressedBytes).toBeUndefined()
})

// Node makes one millisecond of a longer timer: metadata would be asked for without end, and no connection would be in time.
test.each(['startTimeoutMs', 'connectionTimeoutMs', 'requestTimeoutMs', 'metadataMaxAgeMs'])(
  '%s past what a timer can hold is refused',
  (name) => {
    const brokers = ['localhost:9092']
    expect(() => resolveKafkajsOptions({ brokers, [name]: 2 ** 31 })).toThrow(`${name} = 2147483648 is not allowed`)
    expect(resolveKafkajsOptions({ brokers, [name]: 2 ** 31 - 1 })).toMatchObject({ [name]: 2 ** 31 - 1 })
  },
)
