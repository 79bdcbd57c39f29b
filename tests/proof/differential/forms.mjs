// Handmade tokens with valid claims, and an unusual signature, segment or Authorization header.
import { bearer, byHand, claims, mac, SECRET, segment, signed } from './mint.mjs'

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
const good = byHand()
const [header, payload, signature] = good.split('.')
const message = `${header}.${payload}`
const shown = (text) => JSON.stringify(text.replace(good, '(token)'))
// The last character of a segment has unused bits.
const withBits = (text, bits) => text.slice(0, -1) + ALPHABET[ALPHABET.indexOf(text.at(-1)) | bits]

export function* oddForms() {
  yield* signatures()
  yield* segments()
  yield* alphabets()
  yield* authorizations()
}

function* signatures() {
  const whole = mac(message)
  for (let bit = 0; bit < 256; bit += 11) {
    const flipped = Buffer.from(whole)
    flipped[bit >> 3] ^= 1 << (bit & 7)
    yield ['signature', `bit ${bit} flipped`, bearer(`${message}.${segment(flipped)}`)]
  }
  for (const length of [1, 2, 8, 16, 31])
    yield ['signature', `${length} bytes`, bearer(`${message}.${segment(whole.subarray(0, length))}`)]
  for (const length of [1, 21, 42])
    yield ['signature', `${length} characters`, bearer(`${message}.${signature.slice(0, length)}`)]
  yield ['signature', 'a byte more', bearer(`${message}.${segment([...whole, 0])}`)]
  yield ['signature', 'as hex', bearer(`${message}.${whole.toString('hex')}`)]
  yield ['signature', 'an unused bit set', bearer(`${message}.${withBits(signature, 1)}`)]
  const admin = segment(claims({ role: '"admin"' }))
  yield ['signature', "another payload's", bearer(`${header}.${admin}.${signature}`)]
  yield ['signature', "another header's", bearer(`${segment('{"alg":"HS256"}')}.${payload}.${signature}`)]
  for (const at of [10, 40, 90]) {
    const changed = payload.slice(0, at) + (payload[at] === 'A' ? 'B' : 'A') + payload.slice(at + 1)
    yield ['signature', `character ${at} of the payload changed`, bearer(`${header}.${changed}.${signature}`)]
  }
  for (const secret of ['', ' ', 'secret', SECRET.toUpperCase(), `${SECRET}\n`, SECRET.slice(1), segment(SECRET)])
    yield ['secret', `signed with ${JSON.stringify(secret)}`, bearer(byHand(undefined, undefined, secret))]
}

function* segments() {
  const odd = {
    'no dot': 'abc',
    'one segment': header,
    'two segments': message,
    'no signature': `${message}.`,
    'four segments': `${good}.${signature}`,
    'an empty one in the middle': `${header}..${signature}`,
    'an empty one in front': `.${good}`,
    'an empty one behind': `${good}.`,
    'dots alone': '..',
    'no header': `.${payload}.${signature}`,
    'the token twice': `${good}.${good}`,
    'as JSON': JSON.stringify({ payload, protected: header, signature }),
    'in quotes': `"${good}"`,
    'with a name': `token=${good}`,
  }
  for (const [what, token] of Object.entries(odd)) yield ['segments', what, bearer(token)]
}

function* alphabets() {
  // A length of 3n + 1 bytes, which gives padding and four unused bits.
  const short = segment('{"alg":"HS256"} ')
  const spare = segment(claims({}, ' '.repeat((4 - (claims().length % 3)) % 3)))
  const changes = { padded: '=', 'padded in full': '==', 'percent-encoded': '%20', 'with a tilde': '~' }
  for (const [what, more] of Object.entries(changes)) {
    yield ['alphabet', `signature ${what}`, bearer(`${message}.${signature}${more}`)]
    yield ['alphabet', `payload ${what}, signed so`, bearer(signed(header, spare + more))]
    yield ['alphabet', `header ${what}, signed so`, bearer(signed(short + more, payload))]
  }
  const wide = segment(claims({ username: '"?>~?>~߿"' }))
  const standard = wide.replaceAll('-', '+').replaceAll('_', '/')
  yield ['alphabet', 'payload in the standard alphabet, signed so', bearer(signed(header, standard))]
  for (const set of [1, 2, 3, 15])
    yield ['unused-bits', `unused bits ${set} of the payload`, bearer(signed(header, withBits(spare, set)))]
  for (const set of [1, 2, 15])
    yield ['unused-bits', `unused bits ${set} of the header`, bearer(signed(withBits(short, set), payload))]
  yield ['unused-bits', 'a character too many in the header', bearer(signed(`${segment('{"alg":"HS256"}')}A`, payload))]
}

// Values of the Authorization header, all of which HTTP transports unchanged.
function* authorizations() {
  for (const scheme of ['bearer', 'BEARER', 'bEaReR', 'Bearer ', 'Bearer   '])
    yield ['authorization', `scheme ${JSON.stringify(scheme)}`, `${scheme} ${good}`]
  yield ['authorization-spaces', 'a tab behind the scheme', `Bearer\t${good}`]
  for (const more of [' x', ' realm="x"', `\t${good}`, ` Bearer ${good}`])
    yield ['authorization-spaces', `behind the token ${shown(more)}`, bearer(good + more)]
  for (const value of [
    good, `Bearer${good}`, `Bearer:${good}`, `JWT ${good}`, `Basic ${good}`, 'Bearer', `Token Bearer ${good}`,
  ])
    yield ['authorization', shown(value), value]
  for (const joined of [',', ', '])
    yield ['authorization', `two joined by ${JSON.stringify(joined)}`, bearer(`${good}${joined}Bearer ${good}`)]
}
