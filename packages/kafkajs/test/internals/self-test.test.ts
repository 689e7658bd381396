import { describe, expect, it } from 'vitest'
import { InternalFault } from '../../src/internals/fault.ts'
import { hardenKafkajs } from '../../src/internals/harden.ts'
import { rawHeaders } from '../../src/internals/headers.ts'
import { CompressionCodecs, CompressionTypes, requireInternal } from '../../src/internals/kafkajs.ts'
import { assertKnownKafkajs } from '../../src/internals/self-test.ts'
import { installedSeams, type KafkajsSeams, METHODS } from '../../src/internals/shapes.ts'
import { decodeRecord, record } from './wire.ts'

const seams = installedSeams()

/** The same class with one method gone. */
function without(original: { readonly prototype: object }, method: string): never {
  return {
    prototype: Object.create(original.prototype, { [method]: { value: undefined } }),
  } as never
}

function complaint(changed: Partial<KafkajsSeams>): string {
  try {
    assertKnownKafkajs({ ...seams, ...changed })
  } catch (error) {
    expect(error).toBeInstanceOf(InternalFault)
    expect(error).toMatchObject({ code: 'HF_KAFKAJS_UNKNOWN' })
    return (error as Error).message
  }
  return 'no complaint'
}

describe('assertKnownKafkajs', () => {
  it('knows the installed kafkajs', () => {
    expect(() => assertKnownKafkajs()).not.toThrow()
  })

  it('refuses another version', () => {
    expect(complaint({ version: '2.3.0' })).toContain('kafkajs 2.3.0 is not the kafkajs 2.2.4')
  })

  const relied = (Object.keys(METHODS) as (keyof typeof METHODS)[])
    .filter((name) => name !== 'Decoder' && name !== 'RequestQueue')
    .flatMap((name) => METHODS[name].map((method) => [name, method] as const))
  it.each(relied)('refuses a %s without %s', (name, method) => {
    const message = complaint({ [name]: without(seams[name], method) })
    expect(message).toContain(`${name}.prototype.${method} is not a function`)
  })

  it('refuses a missing class', () => {
    expect(complaint({ Cluster: undefined as never })).toContain('Cluster.prototype.findBroker')
  })

  it('refuses a request queue with other fields', () => {
    class Other {}
    Object.assign(Other.prototype, seams.RequestQueue.prototype)
    expect(complaint({ RequestQueue: Other })).toContain('keeps its pending requests')
  })

  it('refuses headers that are read in another way', () => {
    const elsewhere: KafkajsSeams['decodeRecord'] = () => ({ headers: { b: ['1', '2'], a: '3' } })
    expect(complaint({ decodeRecord: elsewhere })).toContain('not decoded through Decoder')
    const lost: KafkajsSeams['decodeRecord'] = () => ({ headers: {} })
    expect(complaint({ decodeRecord: lost })).toContain('headers decode to ""')
    expect(complaint({ readHeader: () => ({}) })).toContain('not decoded through Decoder')
  })

  it('refuses headers that are written in another way', () => {
    const sorted: KafkajsSeams['encodeRecord'] = (record) => {
      const { headers } = record as { readonly headers: object }
      return seams.encodeRecord('' in headers ? { ...record, headers: { b: '1' } } : record)
    }
    expect(complaint({ encodeRecord: sorted })).toContain('headers are written as')
  })

  it('refuses an encoder that throws', () => {
    const encodeRecord = (): never => {
      throw new TypeError('gone')
    }
    expect(complaint({ encodeRecord })).toContain('headerProblems threw gone')
  })

  it('refuses another codec table', () => {
    expect(complaint({ compressionCodecs: {} })).toContain('CompressionCodecs has no ZSTD at 4')
    expect(complaint({ compressionTypes: { GZIP: 2 } })).toContain('no GZIP at 1')
  })

  it('refuses a missing socket factory', () => {
    expect(complaint({ socketFactory: undefined })).toContain('network/socketFactory is gone')
  })
})

describe('hardenKafkajs', () => {
  it('says by a code of ours that kafkajs is another one', () => {
    const { GZIP } = CompressionTypes
    try {
      Reflect.deleteProperty(CompressionTypes, 'GZIP')
      expect(() => hardenKafkajs()).toThrow(expect.objectContaining({ code: 'HF_DRIVER_INCOMPATIBLE' }))
    } finally {
      Object.assign(CompressionTypes, { GZIP })
    }
  })

  it('applies every mend, once', () => {
    const Decoder = requireInternal<{ prototype: object }>('protocol/decoder')
    const RequestQueue = requireInternal<{ prototype: object }>('network/requestQueue')
    const state = (): object => ({
      ...Object.getOwnPropertyDescriptors(Decoder.prototype),
      ...Object.getOwnPropertyDescriptors(RequestQueue.prototype),
      ...CompressionCodecs,
    })
    const before = state()
    hardenKafkajs()
    const after = state()
    expect(after).not.toEqual(before)
    hardenKafkajs()
    hardenKafkajs({ maxDecompressedBytes: 1 })
    expect(state()).toEqual(after)
    const { headers } = decodeRecord(
      record([
        ['b', '1'],
        ['a', null],
        ['b', '2'],
      ]),
    )
    expect(rawHeaders(headers).map(([name]) => name)).toEqual(['b', 'a', 'b'])
  })
})
