// Creates an API key with a token, and one with a key. It needs axios and the variables API, TOKEN, KEY and SECRET.
import axios from 'axios'
import { randomUUID } from 'node:crypto'
import { setTimeout } from 'node:timers/promises'

const { API, TOKEN, KEY, SECRET } = process.env

async function createApikey(path, request, authentication) {
  const headers = { ...authentication.headers, 'Idempotency-Key': randomUUID() }
  for (let tries = 1; ; tries++) {
    try {
      const answer = await axios.post(API + path, request, { ...authentication, headers, timeout: 10000 })
      return answer.data.apikey
    } catch (error) {
      const status = error.response?.status ?? 500 // Without an answer: as after a 500.
      if ((status < 500 && status !== 429) || tries === 3) {
        throw new Error(error.response?.data?.error ?? error.message)
      }
      await setTimeout(200 * tries)
    }
  }
}

const withToken = await createApikey(
  '/apikeys/jwt',
  { name: 'My first API key', level: 3, expiresIn: 3600 }, // One hour.
  { headers: { Authorization: `Bearer ${TOKEN}` } }
)
const withKey = await createApikey(
  '/apikeys/key',
  { name: 'My second API key', level: 3, expiresIn: 3600 },
  { auth: { username: KEY, password: SECRET } }
)
console.log(withToken.key, withKey.key)
