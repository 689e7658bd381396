import type { Socket } from 'node:net'
import { InternalFault } from './fault.ts'
import { type BadFrame, FrameCheck } from './frame-check.ts'
import { type ISocketFactory, requireInternal } from './kafkajs.ts'

export interface FrameGuardOptions {
  /**
   * The longest response taken from a broker; a longer length ends the connection.
   * @default 134217728 (128 MiB): above a broker's `socket.request.max.bytes` of 100 MiB, hence
   * above the one batch a fetch may exceed its own limits by.
   */
  readonly maxFrameBytes?: number
  /** The factory that opens the sockets. @default kafkajs's own */
  readonly socketFactory?: ISocketFactory
  /** Called once per broken connection, before its error reaches kafkajs, which retries it. */
  readonly onFault?: (fault: InternalFault, address: string) => void
}

export interface FrameGuard {
  readonly socketFactory: ISocketFactory
  /** What broke the last connection to `host:port`, until that address answers properly. */
  lastProtocolFault(address: string): InternalFault | undefined
}

export const DEFAULT_MAX_FRAME_BYTES: number = 128 * 1024 * 1024

function quote(bytes: Buffer): string {
  const firstLine = bytes.toString('latin1').split(/[\r\n]/, 1)[0] ?? ''
  return JSON.stringify(firstLine.replace(/[^\x20-\x7e]/g, '.'))
}

function describe({ bytes, frameBytes, isFirst }: BadFrame, maxFrameBytes: number): string {
  if (isFirst && bytes[0] === 0x15 && bytes[1] === 0x03) {
    return 'does not speak the Kafka protocol: it answered with a TLS alert (set ssl for this port)'
  }
  if (isFirst && /^[\x20-\x7e]{4}/.test(bytes.toString('latin1'))) {
    return `does not speak the Kafka protocol: the first bytes are ${quote(bytes)}`
  }
  const range = `a response length of ${frameBytes} bytes, outside 4 to ${maxFrameBytes}`
  return isFirst ? `does not speak the Kafka protocol: it sent ${range}` : `sent ${range}`
}

function toFault(address: string, bad: BadFrame, maxFrameBytes: number): InternalFault {
  const { frameBytes, isFirst } = bad
  return new InternalFault('HF_PROTOCOL', `${address} ${describe(bad, maxFrameBytes)}`, {
    address,
    frameBytes,
    maxFrameBytes,
    isFirst,
    firstBytes: bad.bytes.toString('hex'),
  })
}

interface Watch {
  readonly check: FrameCheck
  onSpoken(): void
  onBad(bad: BadFrame): InternalFault
}

/**
 * Stands before every listener of `data`: `emit` is the one place where a chunk can still be kept
 * from kafkajs, which throws inside its own listener on a bad length.
 */
function guardSocket(socket: Socket, { check, onSpoken, onBad }: Watch): void {
  const emit = socket.emit
  let isBroken = false
  socket.emit = ((event: string, ...args: unknown[]): boolean => {
    if (event === 'data') {
      if (isBroken) return false
      const hadSpoken = check.hasSpoken
      const bad = check.accept(args[0] as Buffer)
      if (bad) {
        isBroken = true
        socket.destroy(onBad(bad))
        return false
      }
      if (!hadSpoken && check.hasSpoken) onSpoken()
    }
    return Reflect.apply(emit, socket, [event, ...args]) as boolean
  }) as typeof socket.emit
}

/**
 * A socket factory for kafkajs that ends a connection on a response length no broker sends,
 * instead of letting kafkajs crash on it or buffer without end. kafkajs reports the fault's
 * message as `Connection error: …` with `code: 'HF_PROTOCOL'`, but only after all its retries:
 * `onFault` and `lastProtocolFault` tell at once.
 *
 * SASL without `SaslAuthenticate` (brokers before 1.0) answers with a frame of length 0, which is
 * refused here.
 */
export function createFrameGuard(options: FrameGuardOptions = {}): FrameGuard {
  const { maxFrameBytes = DEFAULT_MAX_FRAME_BYTES, onFault } = options
  const openSocket = options.socketFactory ?? requireInternal<() => ISocketFactory>('network/socketFactory')()
  const faults = new Map<string, InternalFault>()
  return {
    socketFactory: (args) => {
      const address = `${args.host}:${args.port}`
      const socket = openSocket(args)
      guardSocket(socket, {
        check: new FrameCheck(maxFrameBytes),
        onSpoken: () => faults.delete(address),
        onBad: (bad) => {
          const fault = toFault(address, bad, maxFrameBytes)
          faults.set(address, fault)
          onFault?.(fault, address)
          return fault
        },
      })
      return socket
    },
    lastProtocolFault: (address) => faults.get(address),
  }
}
