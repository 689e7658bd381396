import * as zlib from 'node:zlib'
import { gzipSync } from 'node:zlib'
import { type RawBatch, type RawRecord, rawBatch, rawRecord } from './raw-batch.ts'
import { zeros } from './zeros.ts'

/** A record as a handler saw it. */
export interface SeenRecord {
  readonly key: Buffer | null
  readonly value: unknown
  readonly headers: readonly (readonly [name: string, value: string | null])[]
}

/**
 * What becomes of an input.
 * - `handled`: its handler was called with it. - `dead`: it is in the dead-letter topic, with its bytes.
 * - `quarantined`: the dead-letter topic has a note of its offset, and what its batch has before it is handled.
 * - `refused`: no broker takes it.
 */
export type Ending =
  | { readonly end: 'handled'; readonly sees: (record: SeenRecord) => unknown; readonly equals: unknown }
  | { readonly end: 'dead'; readonly code: string; readonly reason: RegExp }
  | { readonly end: 'quarantined'; readonly offset: number; readonly reason: RegExp }
  | { readonly end: 'refused'; readonly error: number | 'closed' }

export type Row = readonly [row: number, what: string, decoder: 'json' | 'bytes', set: () => Buffer, ending: Ending]

const CORRUPT_MESSAGE = 2
const INVALID_TIMESTAMP = 32
const INVALID_RECORD = 87
const UNKNOWN_SERVER_ERROR = -1
const HUGE = 2 ** 31 - 1
const MB = 1_000_000

const one =
  (record: RawRecord, batch: RawBatch = {}) =>
  (): Buffer =>
    rawBatch({ ...batch, records: [record] })
const value = (text: string | Buffer | null) => one({ value: text })
const gzipped = (bytes: () => Buffer) => (): Buffer =>
  rawBatch({ codec: 1, count: 1, body: gzipSync(rawRecord({ value: bytes() }), { level: 1 }) })
const zstded = (bytes: () => Buffer) => (): Buffer =>
  rawBatch({ codec: 4, count: 1, body: zlib.zstdCompressSync(rawRecord({ value: bytes() })) })
const headers = (list: NonNullable<RawRecord['headers']>) => one({ value: '1', headers: list })
const batch = (given: RawBatch) => (): Buffer => rawBatch(given)

const handled = (sees: (record: SeenRecord) => unknown, equals: unknown): Ending => ({ end: 'handled', sees, equals })
const valued = (equals: unknown): Ending => handled((record) => record.value, equals)
const keyed = (equals: unknown): Ending => handled(({ key }) => key?.toString('latin1') ?? null, equals)
const headed = (equals: unknown): Ending => handled((record) => record.headers, equals)
const sized = (bytes: number): Ending => handled((record) => (record.value as Buffer).length, bytes)
const dead = (code: string, reason: RegExp): Ending => ({ end: 'dead', code, reason })
const notJson = (reason: RegExp): Ending => dead('HF_DECODE_FAILED', reason)
const beyond = (limit: string): Ending => dead('HF_RECORD_LIMIT', new RegExp(limit))
const half = (reason: RegExp): Ending => ({ end: 'quarantined', offset: 2, reason })
const refused = (error: number | 'closed'): Ending => ({ end: 'refused', error })

const SPOOFED = [
  ['holdfast-dead-id', 'g/t/0/0'],
  ['holdfast-dead-source-topic', 'another'],
  ['holdfast-dead-source-partition', '0'],
  ['holdfast-dead-source-offset', '-1'],
  ['holdfast-dead-attempts', '9007199254740993'],
  ['holdfast-retry-attempts', 'NaN'],
  ['holdfast-redrives', '1e9'],
] as const
const FOREIGN = [
  ['traceparent', '00-zz-zz-99'],
  ['tracestate', 'x'.repeat(9_000)],
] as const
const NAMES = [
  ['', 'empty'],
  ['__proto__', 'a'],
  ['constructor', 'b'],
  ['toString', 'c'],
  ['hasOwnProperty', null],
  ['toString', 'd'],
] as const
const ATTEMPTS = ['-1', 'NaN', '1e9', '9007199254740993'].map((text) => ['holdfast-retry-attempts', text] as const)
const ELSEWHERE = [
  ['holdfast-retry-topic', 'payments'],
  ['holdfast-retry-partition', '0'],
  ['holdfast-retry-offset', '0'],
] as const
const BAGGAGE = [['baggage', `a=${'x'.repeat(9_000)}`]] as const
/** A name that is not UTF-8. */
export const NO_TEXT: Buffer = Buffer.from([0xff])
const CONTROLS = [['x\r\nBcc: y', '\u001b[31mred\u001b[0m\r\nEHLO']] as const

/** The rows of the list of bad inputs that have to do with a consumer; numbers are of that list. */
export const ROWS: readonly Row[] = [
  [1, 'an empty value', 'bytes', value(''), sized(0)],
  [1, 'an empty value for JSON', 'json', value(''), notJson(/not JSON/)],
  [2, 'a null value', 'json', value(null), valued(null)],
  [3, 'a null key', 'bytes', one({ key: null, value: 'v' }), keyed(null)],
  [4, 'an empty key', 'bytes', one({ key: '', value: 'v' }), keyed('')],
  [5, 'a key of 1 MB', 'bytes', one({ key: 'k'.repeat(MB) }), keyed('k'.repeat(MB))],
  [5, 'a key of 2 MiB', 'bytes', () => bigKey(2 * 1024 * 1024), beyond('maxRecordKeyBytes')],
  [5, 'a key of 20 MB', 'bytes', () => bigKey(20 * MB), dead('HF_RECORD_LIMIT', /HF_RECORD_LIMIT/)],
  [
    6,
    'bytes that are not UTF-8',
    'json',
    value(Buffer.from([0x22, 0xff, 0x22])),
    notJson(/not valid for encoding utf-8/),
  ],
  [7, 'a byte order mark', 'json', value('\ufeff{"a":1}'), valued({ a: 1 })],
  [8, 'a lone surrogate as an escape', 'json', value('"\\ud800"'), valued('\ud800')],
  [8, 'a lone surrogate as bytes', 'json', value(Buffer.from('22eda08022', 'hex')), notJson(/not valid for encoding/)],
  [9, 'NUL bytes', 'json', value('\0\0'), notJson(/not JSON/)],
  [9, 'NUL bytes as bytes', 'bytes', value('\0\0'), sized(2)],
  [10, 'truncated JSON', 'json', value('{"a":[1,'), notJson(/not JSON/)],
  [11, 'garbage behind JSON', 'json', value('{} x'), notJson(/not JSON at position 3/)],
  [12, 'equal keys', 'json', value('{"a":1,"a":2}'), valued({ a: 2 })],
  [13, '__proto__', 'json', value('{"__proto__":{"isAdmin":true}}'), notJson(/the key __proto__/)],
  [
    14,
    'constructor.prototype',
    'json',
    value('{"constructor":{"prototype":{"a":1}}}'),
    notJson(/constructor\.prototype/),
  ],
  [15, '10,000 levels', 'json', value('['.repeat(10_000) + ']'.repeat(10_000)), beyond('maxJsonDepth = 1000')],
  [15, '1,000,000 levels', 'json', gzipped(() => Buffer.from('['.repeat(MB) + ']'.repeat(MB))), beyond('maxJsonDepth')],
  [16, '1e400', 'json', value('[1e400]'), valued([Number.POSITIVE_INFINITY])],
  [17, 'an integer past 2^53', 'json', value('9007199254740993'), valued(9007199254740992)],
  [18, '-0', 'json', value('[-0]'), handled((record) => Object.is((record.value as number[])[0], -0), true)],
  [19, 'a number as a text', 'json', value('"1"'), valued('1')],
  [21, 'a list of 10,000,000', 'json', gzipped(list), handled((record) => (record.value as unknown[]).length, 10 * MB)],
  [22, 'a length that is none', 'json', value('{"length":1000000000}'), valued({ length: 1e9 })],
  [23, '50,000 letters for every expression of ours', 'json', value('a'.repeat(50_000)), notJson(/not JSON/)],
  [23, '50,000 escapes of them', 'json', value(`"${'\\u0061'.repeat(50_000)}"`), valued('a'.repeat(50_000))],
  [
    24,
    '100,000 issues of a schema',
    'json',
    gzipped(() => Buffer.from('{"issues":100000}')),
    notJson(/and 99995 more/),
  ],
  [25, 'a schema id for JSON', 'json', value(Buffer.from('0000000007', 'hex')), notJson(/not JSON/)],
  [26, 'a schema id as bytes', 'bytes', value(Buffer.from('0000000007', 'hex')), sized(5)],
  [27, 'gzip within a value', 'bytes', value(gzipSync(Buffer.alloc(MB))), sized(gzipSync(Buffer.alloc(MB)).length)],
  [28, 'a formula', 'json', value('"=HYPERLINK(A1)"'), valued('=HYPERLINK(A1)')],
  [28, 'a formula that is no JSON', 'json', value('=HYPERLINK(A1)'), notJson(/not JSON/)],
  [29, 'a script as a key', 'bytes', one({ key: '<script>alert(1)</script>' }), keyed('<script>alert(1)</script>')],
  [30, 'line ends for a mail', 'json', value('"x\\r\\nBcc: y"'), valued('x\r\nBcc: y')],
  [31, 'a placeholder for a template', 'json', value('"{{name}} $&"'), valued('{{name}} $&')],
  [32, 'an address of this machine', 'json', value('"http://127.0.0.1:1/"'), valued('http://127.0.0.1:1/')],
  [33, 'a null header', 'bytes', headers([['a', null]]), headed([['a', null]])],
  [34, 'a header without a name', 'bytes', headers([['', 'x']]), headed([['', 'x']])],
  [35, 'names that objects have, twice, and none', 'bytes', headers(NAMES), headed(NAMES)],
  [36, 'headers of ours, from elsewhere', 'bytes', headers(SPOOFED), headed(SPOOFED)],
  [37, 'attempts that are none', 'bytes', headers(ATTEMPTS), headed(ATTEMPTS)],
  [38, 'another source', 'bytes', headers(ELSEWHERE), headed(ELSEWHERE)],
  [39, '1,000 headers', 'bytes', headers(many(1_000)), handled((record) => record.headers.length, 1_000)],
  [39, '20,000 headers', 'bytes', headers(many(20_000)), beyond('20000 headers, more than maxRecordHeaders = 1000')],
  [40, 'a header of 900 kB', 'bytes', headers([['h', 'x'.repeat(900_000)]]), beyond('maxRecordHeaderBytes = 262144')],
  [41, 'line ends and escapes in headers', 'bytes', headers(CONTROLS), headed(CONTROLS)],
  [42, 'a name that is not UTF-8', 'bytes', headers([[NO_TEXT, 'x']]), headed([['\ufffd', 'x']])],
  [42, 'such a name at what is dead', 'json', one({ value: '{', headers: [[NO_TEXT, 'x']] }), notJson(/not JSON/)],
  [43, 'trace headers that are none', 'bytes', headers(FOREIGN), headed(FOREIGN)],
  [44, 'baggage of 9 kB', 'bytes', headers(BAGGAGE), headed(BAGGAGE)],
  [46, 'a gzip bomb', 'bytes', gzipped(() => Buffer.alloc(140 * MB)), bomb('gzip')],
  [46, 'a zstd bomb', 'bytes', zstded(() => Buffer.alloc(140 * MB)), bomb('zstd')],
  [47, 'codec 5', 'bytes', batch({ codec: 5 }), refused(UNKNOWN_SERVER_ERROR)],
  [48, 'snappy', 'bytes', () => zeros('snappy', 65_536), sized(65_536)],
  [48, 'lz4', 'bytes', () => zeros('lz4', 65_536), sized(65_536)],
  [48, 'zstd', 'bytes', () => zeros('zstd', 65_536), sized(65_536)],
  [49, 'a wrong checksum', 'bytes', batch({ crc: 1 }), refused(CORRUPT_MESSAGE)],
  [50, 'a length of 0', 'bytes', batch({ length: 0 }), refused(CORRUPT_MESSAGE)],
  [50, 'a negative length', 'bytes', batch({ length: -1 }), refused(CORRUPT_MESSAGE)],
  [50, 'a length past the end', 'bytes', batch({ length: 9_999 }), refused(INVALID_RECORD)],
  [51, '2^31 - 1 records', 'bytes', batch({ count: HUGE }), refused(INVALID_RECORD)],
  [51, '-1 records', 'bytes', batch({ count: -1 }), refused(INVALID_RECORD)],
  [51, '2^31 - 1 headers', 'bytes', one({ headerCount: HUGE }), refused(INVALID_RECORD)],
  [
    52,
    'a record that is cut off',
    'bytes',
    batch({ count: 1, body: Buffer.from([0x20, 0, 0]) }),
    refused(INVALID_RECORD),
  ],
  [
    53,
    'offsets that go back',
    'bytes',
    batch({ records: [{ offsetDelta: 0 }, { offsetDelta: 0 }] }),
    half(/offset 1 where 2 to 2 can be/),
  ],
  [
    54,
    'a gap of 10^9',
    'bytes',
    batch({ records: [{}, { offsetDelta: 1e9 }] }),
    half(/offset 1000000001 where 2 to 2/),
  ],
  [55, 'offsets near 2^63', 'bytes', batch({ baseOffset: 2n ** 63n - 2n }), refused(INVALID_RECORD)],
  [56, 'a time of -1', 'bytes', one({ value: 'v' }, { firstTimestamp: -1 }), sized(1)],
  [56, 'a time of 0', 'bytes', one({ value: 'v' }, { firstTimestamp: 0 }), sized(1)],
  [
    56,
    'the year 275760',
    'bytes',
    one({ value: 'v' }, { firstTimestamp: 8_640_000_000_000_001n }),
    refused(INVALID_TIMESTAMP),
  ],
  [57, 'a control batch', 'bytes', batch({ attributes: 0x20 }), refused(INVALID_RECORD)],
  [58, 'message format 1', 'bytes', batch({ magic: 1 }), refused(INVALID_RECORD)],
  // What its letter says is cut as short as its value.
  [
    59,
    'a record of 100 MB',
    'bytes',
    gzipped(() => Buffer.alloc(100 * MB)),
    dead('HF_RECORD_LIMIT', /HF_RECORD_LIMIT/),
  ],
  [
    59,
    'a record that no request can take',
    'bytes',
    gzipped(() => Buffer.alloc(110 * MB)),
    dead('HF_RECORD_LIMIT', /HF_RECORD_LIMIT/),
  ],
  [60, 'a batch of nothing', 'bytes', batch({ records: [], count: 0 }), refused(INVALID_RECORD)],
]

function many(count: number): [string, string][] {
  return Array.from({ length: count }, (_, index) => [`h${index}`, 'v'])
}

function list(): Buffer {
  return Buffer.from(`[${'1,'.repeat(10 * MB - 1)}1]`)
}

function bigKey(bytes: number): Buffer {
  return rawBatch({ codec: 1, count: 1, body: gzipSync(rawRecord({ key: Buffer.alloc(bytes), value: 'v' })) })
}

function bomb(codec: string): Ending {
  const reason = new RegExp(`${codec} record batch .* inflates to more than maxDecompressedBytes`)
  return { end: 'quarantined', offset: 1, reason }
}
