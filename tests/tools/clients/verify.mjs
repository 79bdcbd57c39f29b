// Verifies each [key, secret, now] of standard input with verify-key.mjs, and prints a list of the results.
import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { readFileSync } from 'node:fs'
import { verify } from './verify-key.mjs'

const dynamodb = new DynamoDBClient({
  endpoint: process.env.ENDPOINT,
  region: 'us-east-1',
  credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  maxAttempts: 1,
})
const results = []
for (const [key, secret, now] of JSON.parse(readFileSync(0))) {
  try {
    results.push(await verify(dynamodb, process.env.TABLE, key, secret, now ?? undefined))
  } catch (error) {
    results.push(`${error.name}: ${error.message}`)
  }
}
console.log(JSON.stringify(results))
