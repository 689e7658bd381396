const SEED = 0x9747_b28c
const M = 0x5bd1_e995
const R = 24

/** The hash by which Kafka's clients choose a partition for a key, as in `org.apache.kafka.common.utils.Utils`. */
export function murmur2(bytes: Buffer): number {
  let hash = SEED ^ bytes.length
  const whole = bytes.length & ~3
  for (let at = 0; at < whole; at += 4) {
    const mixed = Math.imul(bytes.readInt32LE(at), M)
    hash = Math.imul(hash, M) ^ Math.imul(mixed ^ (mixed >>> R), M)
  }
  const rest = bytes.length & 3
  if (rest > 0) hash = Math.imul(hash ^ bytes.readUIntLE(whole, rest), M)
  hash = Math.imul(hash ^ (hash >>> 13), M)
  return hash ^ (hash >>> 15)
}
