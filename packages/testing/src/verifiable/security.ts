import type { KafkajsOptions, SaslOptions } from '@holdfast/kafkajs'
import { type GivenProperties, type ReadText, readOneOf, refuse } from './given.ts'

type Security = Pick<KafkajsOptions, 'ssl' | 'sasl' | 'allowPlaintextSasl'>
type TlsOptions = Exclude<NonNullable<KafkajsOptions['ssl']>, boolean>

const PROTOCOLS = ['PLAINTEXT', 'SSL', 'SASL_PLAINTEXT', 'SASL_SSL']
const MECHANISMS: Readonly<Record<string, SaslOptions['mechanism']>> = {
  PLAIN: 'plain',
  'SCRAM-SHA-256': 'scram-sha-256',
  'SCRAM-SHA-512': 'scram-sha-512',
}
const TLS_KNOWN: readonly string[] = [
  'ssl.truststore.type',
  'ssl.truststore.location',
  'ssl.truststore.certificates',
  'ssl.keystore.type',
  'ssl.keystore.location',
  'ssl.keystore.certificate.chain',
  'ssl.keystore.key',
  'ssl.key.password',
  'ssl.endpoint.identification.algorithm',
]
const SASL_KNOWN: readonly string[] = ['sasl.mechanism', 'sasl.jaas.config']

/**
 * How connections are secured, from Java's properties. What cannot be done as it was asked is refused, never left out.
 * @throws HF_OPTION_INVALID naming the property, and no value that may be secret
 */
export function securityOptions(given: GivenProperties, readText: ReadText): Security {
  const written = given.get('security.protocol')
  const protocol = written === undefined ? 'PLAINTEXT' : readOneOf(written, PROTOCOLS)
  const [usesTls, usesSasl] = [protocol.endsWith('SSL'), protocol.startsWith('SASL')]
  if (usesTls) refuseOthers(given, 'ssl.', TLS_KNOWN)
  if (usesSasl) refuseOthers(given, 'sasl.', SASL_KNOWN)
  return {
    ...(usesTls ? { ssl: readTls(given, readText) } : {}),
    ...(usesSasl ? { sasl: readSasl(given) } : {}),
    // SASL_PLAINTEXT says in so many words that the password may travel in plain text.
    ...(protocol === 'SASL_PLAINTEXT' ? { allowPlaintextSasl: true } : {}),
  }
}

function refuseOthers(given: GivenProperties, prefix: string, known: readonly string[]): void {
  const other = [...given.keys()].find((property) => property.startsWith(prefix) && !known.includes(property))
  if (other === undefined) return
  throw refuse(given.get(other)?.origin ?? other, 'is not supported', `leave it out; known are ${known.join(', ')}`)
}

function readTls(given: GivenProperties, readText: ReadText): TlsOptions {
  const text = (property: string): string | undefined => given.get(property)?.text
  const stored = (store: 'truststore' | 'keystore'): string | undefined => {
    const location = given.get(`ssl.${store}.location`)
    if (location === undefined) return undefined
    const type = text(`ssl.${store}.type`) ?? 'JKS'
    if (type.toUpperCase() === 'PEM') return readText(location.text, location.origin)
    throw refuse(
      `ssl.${store}.type`,
      `= ${type} cannot be read`,
      `convert the ${store} to PEM, and set the type to PEM`,
    )
  }
  const keystore = stored('keystore')
  const found = {
    ca: text('ssl.truststore.certificates') ?? stored('truststore'),
    cert: text('ssl.keystore.certificate.chain') ?? keystore,
    key: text('ssl.keystore.key') ?? keystore,
    passphrase: text('ssl.key.password'),
    // Java's way of saying that the name in the broker's certificate need not be its host.
    checkServerIdentity: text('ssl.endpoint.identification.algorithm') === '' ? () => undefined : undefined,
  }
  return Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined))
}

function readSasl(given: GivenProperties): SaslOptions {
  const named = given.get('sasl.mechanism') ?? { origin: 'sasl.mechanism', text: 'GSSAPI' }
  const mechanism = MECHANISMS[readOneOf(named, Object.keys(MECHANISMS))] as SaslOptions['mechanism']
  const jaas = given.get('sasl.jaas.config')
  const [username, password] = ['username', 'password'].map((name) => jaas && jaasValue(jaas.text, name))
  if (username !== undefined && password !== undefined) return { mechanism, username, password }
  throw refuse(
    jaas?.origin ?? 'sasl.jaas.config',
    'has no username and password',
    'write sasl.jaas.config = … required username="…" password="…";',
  )
}

function jaasValue(jaas: string, name: string): string | undefined {
  const quoted = new RegExp(`\\b${name}\\s*=\\s*(?:"((?:\\\\.|[^"\\\\])*)"|'((?:\\\\.|[^'\\\\])*)')`).exec(jaas)
  return (quoted?.[1] ?? quoted?.[2])?.replaceAll(/\\(.)/g, '$1')
}
