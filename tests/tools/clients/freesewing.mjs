// What FreeSewing's own test of API keys checks, in the form of this API: paths in the plural, and `result: success`.
import axios from 'axios'
import assert from 'node:assert/strict'
import { test } from 'node:test'

const { API, TOKEN } = process.env
const client = axios.create({ baseURL: API, timeout: 10000, validateStatus: () => true })
const withToken = { headers: { Authorization: `Bearer ${TOKEN}` } }
const withKey = ({ key, secret }) => ({ auth: { username: key, password: secret } })

const WANTED = { name: 'Test API key', level: 4, expiresIn: 60 }
const keys = {}

function assertCreated(answer) {
  assert.equal(answer.status, 201)
  assert.equal(answer.data.result, 'success')
  const { apikey } = answer.data
  assert.deepEqual(Object.keys(apikey).sort(), ['expiresAt', 'key', 'level', 'name', 'secret', 'userId'])
  assert.match(apikey.key, /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)
  // A failure must not print the secret.
  assert(/^[0-9a-f]{64}$/.test(apikey.secret))
  assert.deepEqual([apikey.name, apikey.level], [WANTED.name, WANTED.level])
  const seconds = (new Date(apikey.expiresAt) - Date.now()) / 1000
  assert(seconds > 0 && seconds <= WANTED.expiresIn + 1, apikey.expiresAt)
  return apikey
}

// The answer shows a key as its creation did, but for the secret.
function assertRead(answer, { secret, ...created }) {
  assert.equal(answer.status, 200)
  assert.equal(answer.data.result, 'success')
  const { createdAt, createdBy, chain, ...apikey } = answer.data.apikey
  assert.deepEqual(apikey, created)
  assert(new Date(createdAt) <= new Date(), createdAt)
  const lineage = created.key === keys.byKey?.key ? `key:${keys.byJwt.key}` : 'jwt'
  assert.deepEqual([createdBy, chain], [lineage, keys.byJwt.key])
}

async function assertRemoved(answer, key) {
  assert.equal(answer.status, 204)
  assert.equal(answer.data, '')
  assert.equal(answer.headers['content-type'], undefined)
  const read = await client.get(`/apikeys/${key.key}/jwt`, withToken)
  assert.deepEqual([read.status, read.data], [404, { result: 'error', error: 'notFound' }])
  const used = await client.get('/whoami/key', withKey(key))
  assert.deepEqual([used.status, used.data], [403, { result: 'error', error: 'authenticationFailed' }])
}

// Each test needs the keys of the tests before it.
test('a key is created with a token', async () => {
  keys.byJwt = assertCreated(await client.post('/apikeys/jwt', WANTED, withToken))
})

test('a key is created with a key', async () => {
  keys.byKey = assertCreated(await client.post('/apikeys/key', WANTED, withKey(keys.byJwt)))
  assert.equal(keys.byKey.userId, keys.byJwt.userId)
})

test('a key reads itself', async () => {
  assertRead(await client.get('/whoami/key', withKey(keys.byJwt)), keys.byJwt)
})

test('a key is read with a key', async () => {
  for (const key of [keys.byJwt, keys.byKey]) {
    assertRead(await client.get(`/apikeys/${key.key}/key`, withKey(keys.byJwt)), key)
  }
})

test('a key is read with a token', async () => {
  for (const key of [keys.byJwt, keys.byKey]) {
    assertRead(await client.get(`/apikeys/${key.key}/jwt`, withToken), key)
  }
})

test('both keys are listed, newest first', async () => {
  for (const [path, authentication] of [['/apikeys/jwt', withToken], ['/apikeys/key', withKey(keys.byJwt)]]) {
    const answer = await client.get(path, authentication)
    assert.equal(answer.status, 200)
    assert.equal(answer.data.result, 'success')
    const listed = answer.data.apikeys.map(({ key }) => key)
    assert(listed.includes(keys.byJwt.key) && listed.includes(keys.byKey.key), path)
    const times = answer.data.apikeys.map(({ createdAt }) => createdAt)
    assert.deepEqual(times, times.toSorted().reverse())
  }
})

test('a key is removed with a key', async () => {
  const { key } = keys.byKey
  await assertRemoved(await client.delete(`/apikeys/${key}/key`, withKey(keys.byJwt)), keys.byKey)
})

test('a key is removed with a token', async () => {
  const { key } = keys.byJwt
  await assertRemoved(await client.delete(`/apikeys/${key}/jwt`, withToken), keys.byJwt)
})
