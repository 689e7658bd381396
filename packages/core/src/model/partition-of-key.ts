const SEED = 0x9747_b28c
const M = 0x5bd1_e995
const R = 24

/**
 * The partition that Kafka's clients choose for a key among so many, by `Utils.murmur2` of the Java client. kafkajs's own
 * hash multiplies integers that grow with the key: one of 1 MB would hold the event loop for minutes.
 */
export function partitionOfKey(key: Buffer, partitions: number): number {
  return (murmur2(key) & 0x7fff_ffff) % partitions
}

function murmur2(bytes: Buffer): number {
  const { length } = bytes
  const whole = length - (length % 4)
  let hash = SEED ^ length
  for (let at = 0; at < whole; at += 4) {
    const mixed = Math.imul(bytes.readInt32LE(at), M)
    hash = Math.imul(hash, M) ^ Math.imul(mixed ^ (mixed >>> R), M)
  }
  if (whole < length) hash = Math.imul(hash ^ bytes.readUIntLE(whole, length - whole), M)
  hash = Math.imul(hash ^ (hash >>> 13), M)
  return hash ^ (hash >>> 15)
}
