// Tokens that jsonwebtoken signs: with the options of FreeSewing's backend, and with other options.
import { createSecretKey } from 'node:crypto'
import jwt from 'jsonwebtoken'
import { AUDIENCE, bearer, ISSUER, NOW, SECRET } from './mint.mjs'

const ROLES = ['user', 'tester', 'curator', 'bughunter', 'support', 'admin']
// A number is in seconds. A string without a unit, such as '120000', is in milliseconds.
const LIVES = ['7d', '1h', '10m', '90 days', '1y', 2, 604_800, '120000']

// FreeSewing's claims and its only option, with additions.
const user = (claims) => ({
  _id: 61,
  username: 'user-61',
  role: 'user',
  status: 1,
  aud: AUDIENCE,
  iss: ISSUER,
  ...claims,
})
const sign = (claims, options) => bearer(jwt.sign(user(claims), SECRET, { expiresIn: '7d', ...options }))

export function* minted() {
  for (const role of ROLES)
    for (const expiresIn of LIVES) yield ['minted', `${role} for ${expiresIn}`, sign({ role }, { expiresIn })]
  for (const _id of [1, 2, 1000, 2 ** 31, Number.MAX_SAFE_INTEGER])
    yield ['minted', `user ${_id}`, sign({ _id, username: `user-${_id}` })]
  for (const status of [1, 2, 10, undefined]) yield ['minted', `status ${status}`, sign({ status })]
  for (const username of ['', 'Zoë', '衣', '🧵 & "pins"', 'a'.repeat(1000), 'a\nb\t\u0000'])
    yield ['minted', `user name ${JSON.stringify(username.slice(0, 20))}`, sign({ username })]
  for (const aud of [[AUDIENCE], [AUDIENCE, 'other.example'], ['other.example', AUDIENCE]])
    yield ['minted', `audiences ${aud.join(', ')}`, sign({ aud })]
  for (const notBefore of [0, -60, '-1h', '0s']) yield ['minted', `not before ${notBefore}`, sign({}, { notBefore })]
  for (const iat of [NOW - 60, NOW - 86_400, NOW + 30]) yield ['minted', `signed at ${iat - NOW} s`, sign({ iat })]
  yield* options()
  yield* surprises()
}

function* options() {
  const cases = [
    ['a key id', { keyid: 'k1' }],
    ['a token id', { jwtid: 'a-b-c' }],
    ['a subject', { subject: '61' }],
    ["somebody else's subject", { subject: '7' }],
    ['no time of signing', { noTimestamp: true }],
    ['no typ', { header: { typ: undefined } }],
    ['typ jwt', { header: { typ: 'jwt' } }],
    ['typ at+jwt', { header: { typ: 'at+jwt' } }],
    ['members in the header', { header: { cty: 'json', jku: 'https://example.com/', x: { y: [1] } } }],
    ['HS256 by name', { algorithm: 'HS256' }],
  ]
  for (const [what, chosen] of cases) yield ['minted', what, sign({}, chosen)]
  const parties = { audience: AUDIENCE, issuer: ISSUER, expiresIn: '7d' }
  const { aud, iss, ...claims } = user()
  yield ['minted', 'audience and issuer as options', bearer(jwt.sign(claims, SECRET, parties))]
  const keys = { bytes: Buffer.from(SECRET), 'a KeyObject': createSecretKey(Buffer.from(SECRET)) }
  for (const [what, key] of Object.entries(keys))
    yield ['minted', `the secret as ${what}`, bearer(jwt.sign(user(), key, { expiresIn: '7d' }))]
  yield ['minted', 'exp as a claim', bearer(jwt.sign(user({ exp: NOW + 600 }), SECRET))]
  const text = JSON.stringify(user({ exp: NOW + 600 }))
  yield ['minted', 'a payload of text, so no typ', bearer(jwt.sign(text, SECRET))]
}

// Tokens that jsonwebtoken signs without an error, but that not every verifier accepts.
function* surprises() {
  for (const algorithm of ['HS384', 'HS512'])
    for (const role of ROLES) yield ['hs384-hs512', `${role} by ${algorithm}`, sign({ role }, { algorithm })]
  for (const role of ['user', 'admin'])
    yield ['exp-missing', `${role}, signed without expiresIn`, bearer(jwt.sign(user({ role }), SECRET))]
  yield ['exp', "expiresIn '120': 120 milliseconds", sign({}, { expiresIn: '120' })]
  for (const expiresIn of [0, -1, '-1h']) yield ['exp', `expiresIn ${expiresIn}`, sign({}, { expiresIn })]
  for (const notBefore of [1, '1h', '7d']) yield ['nbf', `not before ${notBefore}`, sign({}, { notBefore })]
  for (const status of [0, -1, -2]) yield ['status', `status ${status}`, sign({ status })]
  for (const role of ['blocked', 'readNone', undefined]) yield ['role', `role ${role}`, sign({ role })]
  yield ['iss', 'another issuer', sign({ iss: 'other.example' })]
  yield ['aud', 'another audience', sign({ aud: 'other.example' })]
}
