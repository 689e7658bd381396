import type { MakeRequest } from './cluster.ts'
import { CompressionCodecs, CompressionTypes, installedKafkajsVersion, requireInternal } from './kafkajs.ts'

/** A class of kafkajs, of which only the prototype is looked at. */
export interface AnyClass {
  readonly prototype: object
}

export type RecordDecoder = (decoder: object, context: object) => { readonly headers: unknown }

export interface FetchProtocol {
  protocol(choice: { readonly version: number }): MakeRequest
}

export type RecordEncoder = (record: object) => { readonly buffer: Buffer }

/** Everything of kafkajs that the driver and the mends touch besides its public API. */
export interface KafkajsSeams {
  readonly version: string
  readonly Decoder: (new (buffer: Buffer) => object) & AnyClass
  readonly RequestQueue: (new (options: object) => object) & AnyClass
  readonly Cluster: AnyClass
  readonly Broker: AnyClass
  readonly OffsetManager: AnyClass
  readonly ConsumerGroup: AnyClass
  readonly socketFactory: unknown
  readonly decodeRecord: RecordDecoder
  readonly encodeRecord: RecordEncoder
  readonly fetchProtocol: FetchProtocol
  readonly readHeader: unknown
  readonly compressionTypes: object
  readonly compressionCodecs: object
}

export function installedSeams(): KafkajsSeams {
  return {
    version: installedKafkajsVersion,
    Decoder: requireInternal('protocol/decoder'),
    RequestQueue: requireInternal('network/requestQueue'),
    Cluster: requireInternal('cluster'),
    Broker: requireInternal('broker'),
    OffsetManager: requireInternal('consumer/offsetManager'),
    ConsumerGroup: requireInternal('consumer/consumerGroup'),
    socketFactory: requireInternal('network/socketFactory'),
    decodeRecord: requireInternal('protocol/recordBatch/record/v0/decoder'),
    encodeRecord: requireInternal('protocol/recordBatch/record/v0'),
    fetchProtocol: requireInternal('protocol/requests/fetch'),
    readHeader: requireInternal('protocol/recordBatch/header/v0/decoder'),
    compressionTypes: CompressionTypes,
    compressionCodecs: CompressionCodecs,
  }
}

type ClassName = 'Decoder' | 'RequestQueue' | 'Cluster' | 'Broker' | 'OffsetManager' | 'ConsumerGroup'

/** The methods relied on, per class. A method the driver comes to need is added here. */
export const METHODS: Readonly<Record<ClassName, readonly string[]>> = {
  Decoder: ['readVarInt', 'readVarIntArray', 'readVarIntBytes', 'readVarLong'],
  RequestQueue: [
    'push',
    'fulfillRequest',
    'rejectAll',
    'maybeThrottle',
    'checkPendingRequests',
    'scheduleCheckPendingRequests',
    'scheduleRequestTimeoutCheck',
    'destroy',
  ],
  Cluster: [
    'findBroker',
    'findGroupCoordinator',
    'fetchTopicsOffset',
    'refreshMetadata',
    'metadata',
    'findTopicPartitionMetadata',
    'getNodeIds',
    'isConnected',
  ],
  Broker: [
    'joinGroup',
    'syncGroup',
    'heartbeat',
    'leaveGroup',
    'offsetCommit',
    'offsetFetch',
    'fetch',
    'listOffsets',
    'metadata',
    'isConnected',
  ],
  OffsetManager: ['getCoordinator', 'resolveOffset', 'seek', 'setDefaultOffset', 'commitOffsets'],
  ConsumerGroup: ['joinAndSync', 'leave', 'heartbeat', 'fetch', 'pause', 'resume', 'seek'],
}
