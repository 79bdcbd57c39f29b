// Handmade tokens with a valid signature, and a payload that is unusual JSON or large.
import { AUDIENCE, bearer, byHand, claims, NOW } from './mint.mjs'

const text = JSON.stringify
const withClaims = (changes, more) => bearer(byHand(claims(changes, more)))
const withPayload = (payload, header) => bearer(byHand(payload, header))

export function* oddPayloads() {
  const odd = [
    '', 'foo', '1', 'true', '"x"', '[]', `[${claims()}]`, '{}', `${claims()}x`, `${claims()}{}`, `${claims()},`,
    claims().slice(0, -1), claims({}, ','), `\ufeff${claims()}`, `${claims()}\0`, claims().replaceAll('"', "'"),
  ]
  for (const payload of odd) {
    const what = text(payload.replace(claims().slice(1, -1), '..').slice(0, 40))
    yield ['payload-json', what, withPayload(payload)]
    yield ['payload-json', `${what}, no typ`, withPayload(payload, '{"alg":"HS256"}')]
  }
  for (const header of [undefined, '{"alg":"HS256"}']) yield ['payload-json', 'null', withPayload('null', header)]
  for (const payload of [
    ` ${claims()}\r\n`, claims().replaceAll(',', ' ,\n\t'), claims().replace('"exp"', '"\\u0065xp"'),
  ])
    yield ['payload-json', `good, ${text(payload.slice(0, 20))}`, withPayload(payload)]
  for (const more of [
    `,"exp":${NOW + 60}`, `,"\\u0065xp":${NOW + 60}`, ',"role":"admin"', ',"_id":7', `,"aud":${text(AUDIENCE)}`,
    ',"x":1,"x":1', ',"x":{"y":1,"y":1}', ',"x":[{"y":1,"y":1}]',
  ])
    yield ['duplicate-member', `payload ${more}`, withClaims({}, more)]
  yield ['duplicate-member', 'payload exp, then a past one', withClaims({}, `,"exp":${NOW - 60}`)]
  yield ['duplicate-member', 'payload past exp, then a good one', withClaims({ exp: `${NOW - 60},"exp":${NOW + 60}` })]
  yield ['not-utf8', 'a user name that is no UTF-8', withPayload(Buffer.from(claims({ username: '"\xff"' }), 'latin1'))]
  yield ['not-utf8', 'an unknown member that is none', withPayload(Buffer.from(claims({}, ',"\xc0\xaf":1'), 'latin1'))]
  yield ['lone-surrogate', 'in a user name', withClaims({ username: '"\\ud800"' })]
  yield* sizes()
}

function* sizes() {
  for (const depth of [8, 100])
    yield ['more-claims', `${depth} deep`, withClaims({}, `,"x":${'['.repeat(depth)}${']'.repeat(depth)}`)]
  for (const depth of [200, 1000])
    yield ['too-deep', `${depth} deep`, withClaims({}, `,"x":${'['.repeat(depth)}${']'.repeat(depth)}`)]
  const fitting = (length) => withClaims({}, `,"x":"${'x'.repeat(length)}"`)
  yield ['more-claims', `${fitting(5800).length} bytes`, fitting(5800)]
  for (const length of [6000, 9000]) yield ['too-long', `${fitting(length).length} bytes`, fitting(length)]
}
