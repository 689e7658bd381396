import { InternalFault } from './fault.ts'
import { rawHeaders } from './headers.ts'
import { installedSeams, type KafkajsSeams, METHODS } from './shapes.ts'
import { wireHeaders } from './wire-headers.ts'

/** The one version whose internals were read. */
export const KNOWN_KAFKAJS_VERSION = '2.2.4' as const

type Problem = string

function missingMethods(seams: KafkajsSeams): Problem[] {
  return (Object.keys(METHODS) as (keyof typeof METHODS)[]).flatMap((name) => {
    const prototype = seams[name]?.prototype as Record<string, unknown> | undefined
    return METHODS[name]
      .filter((method) => typeof prototype?.[method] !== 'function')
      .map((method) => `${name}.prototype.${method} is not a function`)
  })
}

function codecProblems({ compressionTypes, compressionCodecs }: KafkajsSeams): Problem[] {
  const types = compressionTypes as Record<string, number>
  const codecs = compressionCodecs as Record<number, unknown>
  const expected = { GZIP: 1, Snappy: 2, LZ4: 3, ZSTD: 4 }
  return Object.entries(expected)
    .filter(([name, type]) => types[name] !== type || typeof codecs[type] !== 'function')
    .map(([name, type]) => `CompressionCodecs has no ${name} at ${type}`)
}

const quietLogger = { debug: (): void => {}, warn: (): void => {} }

function requestQueueProblems({ RequestQueue }: KafkajsSeams): Problem[] {
  const queue = new RequestQueue({ requestTimeout: 1000, logger: quietLogger }) as {
    readonly pending?: unknown
    readonly throttledUntil?: unknown
    readonly throttleCheckTimeoutId?: unknown
  }
  const isKnown =
    Array.isArray(queue.pending) && typeof queue.throttledUntil === 'number' && queue.throttleCheckTimeoutId === null
  return isKnown ? [] : ['RequestQueue keeps its pending requests or its throttling elsewhere']
}

const SAMPLE_HEADERS = { b: ['1', '2'], a: '3' } as const
const SAMPLE_WIRE = 'b=1 b=2 a=3'
const CONTEXT = { firstOffset: '0', firstTimestamp: '0', magicByte: 2 }

/** A record as it lies in a batch, without its leading length. */
function sampleRecord({ Decoder, encodeRecord }: KafkajsSeams): object {
  const record = encodeRecord({ key: null, value: Buffer.from('v'), headers: SAMPLE_HEADERS })
  const outer = new Decoder(record.buffer) as { readVarIntBytes(): Buffer }
  return new Decoder(outer.readVarIntBytes())
}

function decodeSample(seams: KafkajsSeams): string {
  const { headers } = seams.decodeRecord(sampleRecord(seams), CONTEXT)
  return rawHeaders(headers as object)
    .map(([name, value]) => `${name}=${value}`)
    .join(' ')
}

/** Headers must come out of `decoder.readVarIntArray(readHeader).reduce(…)` and nowhere else. */
function headerProblems(seams: KafkajsSeams): Problem[] {
  const decoded = decodeSample(seams)
  const problems = decoded === SAMPLE_WIRE ? [] : [`encoded headers decode to "${decoded}"`]
  const marker = {}
  const readers: unknown[] = []
  const decoder = Object.assign(sampleRecord(seams), {
    readVarIntArray: (reader: unknown) => {
      readers.push(reader)
      return { reduce: () => marker }
    },
  })
  const { headers } = seams.decodeRecord(decoder, CONTEXT)
  if (headers !== marker || readers.length !== 1 || readers[0] !== seams.readHeader) {
    problems.push('record headers are not decoded through Decoder.prototype.readVarIntArray')
  }
  return problems
}

/** The answers of these versions are read by us, with what kafkajs was asked for. */
const FETCH_VERSIONS = { first: 4, last: 11 } as const

/** A fetch must be made of fields with topics, say its version, and read its answer through `response.decode`. */
function fetchProblems({ fetchProtocol }: KafkajsSeams): Problem[] {
  const topics = [{ topic: 't', partitions: [{ partition: 0, fetchOffset: '0', maxBytes: 1 }] }]
  return Object.values(FETCH_VERSIONS).flatMap((version) => {
    const { request, response } = fetchProtocol.protocol({ version })({
      maxWaitTime: 1,
      minBytes: 1,
      maxBytes: 1,
      topics,
    })
    const isKnown = request.apiVersion === version && typeof response.decode === 'function'
    return isKnown ? [] : [`a fetch of version ${version} is made in another way`]
  })
}

const WRITTEN = [
  ['b', Buffer.from('1')],
  ['__proto__', null],
  ['b', Buffer.from('2')],
  ['', Buffer.alloc(0)],
] as const
/** Attributes, deltas, no key, the value `v`, and then those four headers. */
const WRITTEN_WIRE = '380000000102760802620231125f5f70726f746f5f5f01026202320000'

/** Headers must be written as `wireHeaders` lists them, also when a request is encoded again. */
function writtenHeaderProblems({ encodeRecord }: KafkajsSeams): Problem[] {
  const headers = wireHeaders(WRITTEN)
  const encoded = [0, 1].map(() => encodeRecord({ key: null, value: Buffer.from('v'), headers }).buffer.toString('hex'))
  return encoded.every((hex) => hex === WRITTEN_WIRE) ? [] : [`headers are written as ${encoded[0]}`]
}

function attempt(check: (seams: KafkajsSeams) => Problem[], seams: KafkajsSeams): Problem[] {
  try {
    return check(seams)
  } catch (error) {
    return [`${check.name} threw ${error instanceof Error ? error.message : String(error)}`]
  }
}

/**
 * Throws `HF_KAFKAJS_UNKNOWN` unless the installed kafkajs is the known version with the known
 * internals. It holds before and after the mends.
 */
export function assertKnownKafkajs(seams: KafkajsSeams = installedSeams()): void {
  const checks = [
    missingMethods,
    codecProblems,
    requestQueueProblems,
    headerProblems,
    writtenHeaderProblems,
    fetchProblems,
  ]
  const problems = checks.flatMap((check) => attempt(check, seams))
  if (typeof seams.socketFactory !== 'function') problems.push('network/socketFactory is gone')
  if (seams.version !== KNOWN_KAFKAJS_VERSION) problems.unshift('the version differs')
  if (problems.length === 0) return
  throw new InternalFault(
    'HF_KAFKAJS_UNKNOWN',
    `kafkajs ${seams.version} is not the kafkajs ${KNOWN_KAFKAJS_VERSION} this driver knows ` +
      `(${problems.join('; ')}): install kafkajs@${KNOWN_KAFKAJS_VERSION}, patched by nothing else`,
    { version: seams.version, expected: KNOWN_KAFKAJS_VERSION, problems },
  )
}
