// Handmade tokens with a valid signature and form, and one unusual claim.
import { AUDIENCE, bearer, byHand, claims, ISSUER, NOW } from './mint.mjs'

const text = JSON.stringify
const withClaims = (changes, more) => bearer(byHand(claims(changes, more)))

export function* oddClaims() {
  yield* times()
  yield* parties()
  yield* people()
  yield* others()
}

// One token for each JSON text of a claim.
function* values(group, claim, texts) {
  for (const value of texts) yield [group, `${claim} ${value}`, withClaims({ [claim]: value })]
}

function* times() {
  const ends = [
    NOW - 86_400, NOW - 60, NOW - 1, NOW, NOW + 1, NOW + 60, '-1', '0', '-0', '1e400', '-1e400',
    '18446744073709551615', '1.7000006e9',
  ]
  yield* values('exp', 'exp', ends)
  yield* values('exp', 'exp', ['null', '""', text(`${NOW + 600}`), 'true', `[${NOW + 600}]`, '{}'])
  yield* values('exp-fraction', 'exp', [NOW - 0.5, NOW + 0.25, NOW + 0.5, NOW + 0.75, NOW + 600.5])
  yield ['exp-missing', 'no exp', withClaims({ exp: null })]
  yield ['exp-missing', 'Exp', withClaims({ exp: null, Exp: `${NOW + 600}` })]
  yield* values('nbf', 'nbf', [NOW - 86_400, NOW - 1, NOW, NOW + 1, NOW + 60, '-1', '0', '1e400', '-1e400'])
  yield* values('nbf', 'nbf', ['null', '""', text(`${NOW - 10}`), 'false', '[0]', '{}'])
  yield* values('nbf-fraction', 'nbf', [NOW - 0.5, NOW + 0.25, NOW + 0.5, NOW + 0.75, NOW + 600.5])
  yield* values('iat', 'iat', [NOW - 86_400, NOW, NOW + 1, NOW + 60, '-1', '0', NOW + 0.5, '-1e400'])
  yield* values('iat', 'iat', [NOW + 61, NOW + 3600, '1e400', 'null', '""', text(`${NOW}`), 'true', '[]'])
  yield ['iat', 'no iat', withClaims({ iat: null })]
}

function* parties() {
  yield* values('iss', 'iss', [
    'null', '""', '1', 'true', `[${text(ISSUER)}]`, `{${text(ISSUER)}:1}`, text(`${ISSUER}/`), text(` ${ISSUER}`),
    text(ISSUER.toUpperCase()), text(`${ISSUER}\0`),
  ])
  yield ['iss', 'no iss', withClaims({ iss: null })]
  yield ['iss', 'iss by escapes', withClaims({ iss: text(ISSUER).replace('f', '\\u0066') })]
  yield* values('aud', 'aud', [
    'null', '""', '1', 'true', '[]', '{}', `{${text(AUDIENCE)}:1}`, '["other.example"]', `[[${text(AUDIENCE)}]]`,
    '[null]', text(`${AUDIENCE}/`), text(AUDIENCE.toUpperCase()), text(`other.example,${AUDIENCE}`),
  ])
  yield* values('aud', 'aud', [
    `[${text(AUDIENCE)}]`, `["other.example",${text(AUDIENCE)}]`, `[${text(AUDIENCE)},${text(AUDIENCE)}]`,
  ])
  yield* values('aud-mixed', 'aud', [
    `[${text(AUDIENCE)},1]`, `[null,${text(AUDIENCE)}]`, `[${text(AUDIENCE)},["x"]]`, `[{},${text(AUDIENCE)}]`,
  ])
  yield ['aud', 'no aud', withClaims({ aud: null })]
}

function* people() {
  yield* values('id', '_id', ['1', '61.0', '6.1e1', '610e-1', '9007199254740991'])
  yield* values('id', '_id', [
    '0', '-0', '-1', '1.5', '9007199254740992', '1e300', '1e400', 'null', 'true', '""', '"61"', '[61]',
    '{"$oid":"61"}',
  ])
  yield* values('id-digits', '_id', ['61.0000000000000000000001', '60.9999999999999999999999', '9007199254740991.1'])
  yield* values('id', '_id', ['null,"sub":"61"', '"61","sub":"61"'])
  for (const sub of ['"61"', '"1"', '"9007199254740991"', '"061"'])
    yield ['sub', `no _id, sub ${sub}`, withClaims({ _id: null, sub })]
  for (const sub of [
    null, 'null', '61', '""', '"0"', '"-61"', '"+61"', '"61.0"', '" 61"', '"0x3d"', '"٦١"', '"9007199254740992"',
    '["61"]',
  ])
    yield ['sub', `no _id, sub ${sub}`, withClaims({ _id: null, sub })]
  yield* values('role', 'role', [
    '"user"', '"tester"', '"curator"', '"bughunter"', '"support"', '"admin"', '"\\u0061dmin"',
  ])
  yield* values('role', 'role', [
    '""', '"root"', '"Admin"', '" admin"', '"admin\\u0000"', '"constructor"', '"__proto__"', '"toString"',
    '{"admin":9}', '9', 'null', 'true',
  ])
  yield* values('role-array', 'role', ['["admin"]', '[["user"]]'])
  yield* values('status', 'status', [
    '1', '1.0', '2', '2.5', '1e400', '0', '-0', '-1', '0.5', '-1e400', 'null', '""', '"1"', 'true', '[1]', '{}',
  ])
  yield ['status', 'no status', withClaims({ status: null })]
}

function* others() {
  for (const more of [
    '"level":8', '"level":0', '"userId":7', '"uid":7', '"roles":["admin"]', '"apikey":true', '"sub":"7"',
    '"jti":"a"', '"__proto__":{"role":"admin"}', '"constructor":{"x":1}', '"":1', '"Role":"admin"', '"x":1e400',
  ])
    yield ['more-claims', more, withClaims({}, `,${more}`)]
  for (const name of ['null', '""', '5', '[]', '"\\u202e"', '"👗"'])
    yield ['more-claims', `user name ${name}`, withClaims({ username: name })]
}
