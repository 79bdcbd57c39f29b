// What tokens are made of: one moment, one secret, and a signer for what jsonwebtoken would never sign.
// Everything here is fixed, so the same tokens come out of every run.
import { createHmac } from 'node:crypto'

// Half a second past a whole one, since jsonwebtoken counts whole seconds and the service does not.
export const NOW_MS = 1_700_000_000_500
export const NOW = Math.floor(NOW_MS / 1000)
export const SECRET = 'differential: a secret that anybody may read'
export const ISSUER = 'freesewing.example'
export const AUDIENCE = ISSUER

// jsonwebtoken asks here for the time when it signs and when it verifies, as it does in FreeSewing's backend.
Date.now = () => NOW_MS

export const segment = (bytes) => Buffer.from(bytes).toString('base64url')

export const mac = (message, secret = SECRET, hash = 'sha256') => createHmac(hash, secret).update(message).digest()

const HEADER = '{"alg":"HS256","typ":"JWT"}'

// The claims that FreeSewing signs, each as JSON text, so that a test can spell them as it likes.
const CLAIMS = {
  _id: '61',
  username: '"user-61"',
  role: '"user"',
  status: '1',
  aud: JSON.stringify(AUDIENCE),
  iss: JSON.stringify(ISSUER),
  iat: `${NOW}`,
  exp: `${NOW + 3600}`,
}

// The payload with some claims changed, or taken out where the text is null, and more text behind the last one.
export function claims(changes = {}, more = '') {
  const members = Object.entries({ ...CLAIMS, ...changes }).filter(([, text]) => text !== null)
  return `{${members.map(([name, text]) => `${JSON.stringify(name)}:${text}`).join(',')}${more}}`
}

// Signs two segments as they stand, whatever is in them.
export const signed = (header, payload, secret, hash) =>
  `${header}.${payload}.${segment(mac(`${header}.${payload}`, secret, hash))}`

// Signs any header and any payload, each as text or bytes.
export const byHand = (payload = claims(), header = HEADER, secret, hash) =>
  signed(segment(header), segment(payload), secret, hash)

export const bearer = (token) => `Bearer ${token}`
