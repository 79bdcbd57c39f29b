// Handmade tokens with valid claims and signature, and an unusual header.
import { bearer, byHand, claims, SECRET, segment } from './mint.mjs'

const withHeader = (text, secret, hash) => bearer(byHand(claims(), text, secret, hash))

// Members in addition to `alg`, by class.
const MEMBERS = {
  crit: ['"crit":[]', '"crit":null', '"crit":["exp"]', '"crit":["b64"],"b64":false', '"crit":["x"],"x":1'],
  typ: [
    '"typ":"jwt"', '"typ":"JWT"', '"typ":"at+jwt"', '"typ":"AT+JWT"', '"typ":"JWE"', '"typ":"application/at+jwt"',
    '"typ":"id_token"', '"typ":""', '"typ":null', '"typ":1', '"typ":["JWT"]',
  ],
  'zip-enc': ['"zip":"DEF"', '"zip":null', '"enc":"A128GCM"', '"enc":""'],
  'header-members': [
    '"kid":"../../dev/null"', '"kid":5', '"jku":"http://127.0.0.1/keys"', '"x5u":"http://127.0.0.1/x"',
    '"x5c":["MIIB"]', `"jwk":{"kty":"oct","k":"${segment('x')}"}`, '"b64":false', '"foo":{"bar":[1e400]}',
    '"__proto__":{"alg":"none"}', '"constructor":1',
  ],
  'duplicate-member': [
    '"alg":"HS256"', '"kid":"a","kid":"b"', '"typ":"JWT","typ":"JWT"', '"x":{"y":1,"y":2}', '"\\u0061lg":"HS256"',
  ],
}

export function* oddHeaders() {
  yield* algorithms()
  yield* headers()
}

function* algorithms() {
  for (const alg of ['none', 'None', 'NONE', 'nOnE']) {
    const unsigned = `${segment(`{"alg":"${alg}","typ":"JWT"}`)}.${segment(claims())}.`
    yield ['alg', `${alg}, without a signature`, bearer(unsigned)]
    yield ['alg', `${alg}, with a good one`, withHeader(`{"alg":"${alg}","typ":"JWT"}`)]
  }
  for (const alg of [
    'hs256', 'HS256 ', 'HS1', 'RS256', 'RS512', 'PS256', 'ES256', 'EdDSA', 'ES256K', 'A128KW', 'dir', '',
  ])
    yield ['alg', JSON.stringify(alg), withHeader(`{"alg":${JSON.stringify(alg)},"typ":"JWT"}`)]
  for (const alg of ['null', '256', 'true', '["HS256"]', '{"HS256":1}', '{"startsWith":1}'])
    yield ['alg', alg, withHeader(`{"alg":${alg},"typ":"JWT"}`)]
  for (const text of ['{"typ":"JWT"}', '{"Alg":"HS256"}', '{"__proto__":{"alg":"HS256"}}', '{}'])
    yield ['alg', `header ${text}`, withHeader(text)]
  for (const hash of ['sha384', 'sha512', 'sha1'])
    yield ['alg', `HS256 in name, ${hash} in fact`, withHeader(undefined, SECRET, hash)]
  for (const bits of [384, 512])
    yield ['hs384-hs512', `HS${bits} by hand`, withHeader(`{"alg":"HS${bits}"}`, SECRET, `sha${bits}`)]
}

function* headers() {
  const plain = [
    '', 'alg', 'null', 'true', '1', '[]', '"HS256"', '{"alg":"HS256"} {}', '{"alg":"HS256"', '{"alg":"HS256",}',
    "{'alg':'HS256'}", '\ufeff{"alg":"HS256"}',
  ]
  for (const text of plain) yield ['header-json', JSON.stringify(text), withHeader(text)]
  for (const text of [
    '{"typ":"JWT",\r\n "alg":"HS256"}', ' {"alg":"HS256"}\t', '{"\\u0061lg":"HS\\u0032\\u0035\\u0036"}',
  ])
    yield ['header-json', JSON.stringify(text), withHeader(text)]
  for (const [group, texts] of Object.entries(MEMBERS))
    for (const text of texts) yield [group, `header ${text}`, withHeader(`{"alg":"HS256",${text}}`)]
  yield ['duplicate-member', 'header alg none, then HS256', withHeader('{"alg":"none","alg":"HS256"}')]
  yield ['duplicate-member', 'header alg HS256, then none', withHeader('{"alg":"HS256","alg":"none"}')]
  yield ['not-utf8', 'a kid that is no UTF-8', withHeader(Buffer.from('{"alg":"HS256","kid":"\xff"}', 'latin1'))]
  yield ['lone-surrogate', 'in a kid', withHeader('{"alg":"HS256","kid":"\\ud800"}')]
}
