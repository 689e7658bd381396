const SEED = 0x9747_b28c
const M = 0x5bd1_e995
const R = 24

/**
 * The hash by which Kafka's clients choose a partition for a key, as `Utils.murmur2` of the Java client. kafkajs's own
 * multiplies integers that grow with the key: one of 1 MB would hold the event loop for minutes.
 */
export function murmur2(bytes: Buffer): number {
  const { length } = bytes
  const tail = length - (length % 4)
  let hash = SEED ^ length
  for (let at = 0; at < tail; at += 4) {
    const mixed = Math.imul(bytes.readInt32LE(at), M)
    hash = Math.imul(hash, M) ^ Math.imul(mixed ^ (mixed >>> R), M)
  }
  if (tail < length) hash = Math.imul(hash ^ bytes.readUIntLE(tail, length - tail), M)
  hash = Math.imul(hash ^ (hash >>> 13), M)
  return hash ^ (hash >>> 15)
}
