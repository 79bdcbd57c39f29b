// Makes the tokens and verifies each with FreeSewing's check; `make prove PROOF=differential` then tests the service.
// The argument is the file to write, which is never committed.
import { writeFileSync } from 'node:fs'
import passport from 'passport-jwt'
import { oddClaims } from './claims.mjs'
import { oddForms } from './forms.mjs'
import { oddHeaders } from './headers.mjs'
import { AUDIENCE, ISSUER, NOW_MS, SECRET } from './mint.mjs'
import { minted } from './minted.mjs'
import { oddPayloads } from './payloads.mjs'

// FreeSewing's settings, which have no list of algorithms. FreeSewing then looks the user up in its user table. Here
// every user is accepted; README.md describes the effect of the lookup.
const settings = {
  jwtFromRequest: passport.ExtractJwt.fromAuthHeaderAsBearerToken(),
  secretOrKey: SECRET,
  issuer: ISSUER,
  audience: AUDIENCE,
  expiresIn: '7d',
}

// Runs a strategy for one request, as passport does.
function ask(authorization) {
  const strategy = new passport.Strategy(settings, (payload, done) => done(null, payload))
  let said
  strategy.success = (payload) => (said = { accepted: true, user: payload._id ?? null, named: '_id' in payload })
  strategy.fail = (error) => (said = { accepted: false, error: `${error.name}: ${error.message}` })
  strategy.error = strategy.fail
  try {
    strategy.authenticate({ headers: { authorization } })
  } catch (error) {
    said = { accepted: false, error: `thrown ${error.name}: ${error.message}` }
  }
  return said
}

const counts = {}
const tokens = []
const all = [...minted(), ...oddForms(), ...oddHeaders(), ...oddPayloads(), ...oddClaims()]
for (const [group, what, authorization] of all) {
  counts[group] = (counts[group] ?? 0) + 1
  tokens.push({ id: `${group} ${counts[group]}`, class: group, what, authorization, node: ask(authorization) })
}
writeFileSync(
  process.argv[2],
  JSON.stringify({ now: NOW_MS, secret: SECRET, issuer: ISSUER, audience: AUDIENCE, tokens }, null, 1),
)
