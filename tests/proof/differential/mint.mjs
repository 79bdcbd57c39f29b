// The fixed time and secret of all tokens, and a signer for tokens that jsonwebtoken would not sign.
// Every run makes the same tokens.
import { createHmac } from 'node:crypto'

// Not a whole second, since jsonwebtoken counts whole seconds and the service does not.
export const NOW_MS = 1_700_000_000_500
export const NOW = Math.floor(NOW_MS / 1000)
export const SECRET = 'differential: a secret that anybody may read'
export const ISSUER = 'freesewing.example'
export const AUDIENCE = ISSUER

// jsonwebtoken uses Date.now when it signs and verifies, as in FreeSewing's backend.
Date.now = () => NOW_MS

export const segment = (bytes) => Buffer.from(bytes).toString('base64url')

export const mac = (message, secret = SECRET, hash = 'sha256') => createHmac(hash, secret).update(message).digest()

const HEADER = '{"alg":"HS256","typ":"JWT"}'

// The claims that FreeSewing signs, each as JSON text, so that a test can change the spelling.
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

// The payload with changed claims (null removes a claim), and more text after the last claim.
export function claims(changes = {}, more = '') {
  const members = Object.entries({ ...CLAIMS, ...changes }).filter(([, text]) => text !== null)
  return `{${members.map(([name, text]) => `${JSON.stringify(name)}:${text}`).join(',')}${more}}`
}

// Signs two raw segments.
export const signed = (header, payload, secret, hash) =>
  `${header}.${payload}.${segment(mac(`${header}.${payload}`, secret, hash))}`

// Signs any header and payload, as text or bytes.
export const byHand = (payload = claims(), header = HEADER, secret, hash) =>
  signed(segment(header), segment(payload), secret, hash)

export const bearer = (token) => `Bearer ${token}`
