import zlib from 'node:zlib'
import { afterEach, describe, expect, it } from 'vitest'
import type { CodecName } from '../../src/internals/codec-fault.ts'
import { type CodecTable, createCodecs, registerCodecs } from '../../src/internals/codecs.ts'
import { findInternalFault } from '../../src/internals/fault.ts'
import { mendHeaders, rawHeaders } from '../../src/internals/headers.ts'
import { CompressionCodecs, CompressionTypes } from '../../src/internals/kafkajs.ts'
import javaBatches from './fixtures/java-batches.json' with { type: 'json' }
import { repetitiveText } from './samples.ts'
import { decodeBatch, encodeBatch } from './wire.ts'

const MIB = 1024 * 1024
const table = CompressionCodecs as CodecTable
const builtIn: CodecTable = { ...table }

afterEach(() => {
  Object.assign(table, builtIn)
})

describe('record batches', () => {
  it.each<[CodecName, number]>([
    ['gzip', CompressionTypes.GZIP],
    ['zstd', CompressionTypes.ZSTD],
  ])('of %s make the round trip through kafkajs', async (_, type) => {
    registerCodecs()
    const values = [Buffer.from('first'), Buffer.alloc(100_000, 'x'), Buffer.alloc(0)]
    const records = await decodeBatch(await encodeBatch(type, values))
    expect(records.map(({ value }) => value)).toEqual(values)
  })

  it.each(Object.entries(javaBatches))('of %s as Java writes them are read', async (_, base64) => {
    registerCodecs()
    mendHeaders()
    const records = await decodeBatch(Buffer.from(base64, 'base64'))
    expect(records.map(({ key }) => key?.toString())).toEqual(['k0', undefined, 'k2', 'k3'])
    expect(records[0]?.value?.toString()).toBe('small')
    expect(records[1]?.value?.toString()).toBe(repetitiveText(70_000))
    expect(records[2]?.value).toHaveLength(600)
    expect(records[3]?.value).toBeNull()
    const headers = rawHeaders(records[0]?.headers).map(([name, value]) => `${name}=${value}`)
    expect(headers).toEqual(['b=1', 'a=null', 'b=2', '__proto__=p', 'constructor=c', 'b=null', '=empty'])
  })
})

describe('a bomb', () => {
  const zeros = Buffer.alloc(8 * MIB)

  it.each<[CodecName, Buffer]>([
    ['gzip', zlib.gzipSync(zeros)],
    ['zstd', zlib.zstdCompressSync(zeros)],
  ])('of %s is refused by its inflated size', async (name, bomb) => {
    const codec = createCodecs(MIB)[name]
    await expect(codec.decompress(bomb)).rejects.toMatchObject({
      code: 'HF_CODEC',
      retriable: false,
      message: expect.stringContaining(`${name} record batch of ${bomb.length} bytes`),
      details: { codec: name, compressedBytes: bomb.length, maxDecompressedBytes: MIB },
    })
    await expect(createCodecs(zeros.length)[name].decompress(bomb)).resolves.toHaveLength(zeros.length)
  })

  it('keeps its reason through a batch decoded by kafkajs', async () => {
    registerCodecs(MIB)
    const batch = await encodeBatch(CompressionTypes.GZIP, [zeros])
    const error = await decodeBatch(batch).catch((thrown: unknown) => thrown)
    expect(findInternalFault(error)?.code).toBe('HF_CODEC')
    expect(findInternalFault(new Error('outer', { cause: error }))).toBe(error)
  })
})

describe('what cannot be done is said', () => {
  it.each<CodecName>(['gzip', 'snappy', 'lz4', 'zstd'])('corrupt %s', async (name) => {
    const garbage = Buffer.from('this was never compressed by anyone')
    await expect(createCodecs(MIB)[name].decompress(garbage)).rejects.toMatchObject({
      code: 'HF_CODEC',
      message: expect.stringContaining(`a ${name} record batch of 35 bytes is corrupt`),
    })
  })

  it.each<CodecName>(['snappy', 'lz4'])('writing %s', async (name) => {
    await expect(createCodecs(MIB)[name].compress({ buffer: Buffer.alloc(1) })).rejects.toThrow(
      `${name} batches can be read but not written`,
    )
  })

  it('zstd on a Node without it', async () => {
    const { zstd } = createCodecs(MIB, {})
    await expect(zstd.decompress(Buffer.alloc(1))).rejects.toThrow('zstd needs Node 22.15')
    await expect(zstd.compress({ buffer: Buffer.alloc(1) })).rejects.toThrow('Node 22.15')
  })
})

describe('registration', () => {
  it('replaces what kafkajs came with', () => {
    expect(registerCodecs(MIB)).toEqual(['gzip', 'snappy', 'lz4', 'zstd'])
    for (const type of [1, 2, 3, 4]) expect(table[type]).not.toBe(builtIn[type])
  })

  it('leaves the codecs of the application alone', () => {
    const own = () => createCodecs(1).gzip
    const broken = () => {
      throw new Error('not today')
    }
    Object.assign(table, { [CompressionTypes.GZIP]: own, [CompressionTypes.LZ4]: broken })
    expect(registerCodecs(MIB)).toEqual(['snappy', 'zstd'])
    expect(table[CompressionTypes.GZIP]).toBe(own)
    expect(table[CompressionTypes.LZ4]).toBe(broken)
  })

  it('keeps the largest limit', () => {
    registerCodecs(2 * MIB)
    const placed = { ...table }
    expect(registerCodecs(MIB)).toEqual([])
    expect(registerCodecs(2 * MIB)).toEqual([])
    expect(table).toEqual(placed)
    expect(registerCodecs(3 * MIB)).toHaveLength(4)
  })
})
