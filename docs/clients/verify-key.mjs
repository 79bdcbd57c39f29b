// Verifies an API key in another service. It needs @aws-sdk/client-dynamodb, and `dynamodb:GetItem` on the table of
// keys.
import { GetItemCommand } from '@aws-sdk/client-dynamodb'
import { createHash, timingSafeEqual } from 'node:crypto'

const KEY = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
const SECRET = /^[0-9a-f]{64}$/
const LEVEL = /^[0-8]$/
const NUMBER = /^[0-9]+$/
const NO_HASH = new Uint8Array(32) // No secret with this hash is known; a revoked key has this hash.

// Returns the key's level, user and chain, or null: refuse the key. `dynamodb` is a DynamoDBClient, `table` the name of
// the table, `now` a time in epoch seconds. An exception (DynamoDB failed, the record is damaged) is a 500 of your
// service, never a success.
export async function verify(dynamodb, table, key, secret, now = Date.now() / 1000) {
  if (!(KEY.test(key) && SECRET.test(secret))) return null // Without a read.
  const item = await read(dynamodb, table, key)
  const shown = createHash('sha256').update(secret, 'hex').digest() // Of the 32 bytes, not of the digits.
  const stored = item ? item.secretHash?.B : NO_HASH
  if (stored?.length !== shown.length) throw damaged('secretHash')
  const matches = timingSafeEqual(stored, shown) // In constant time, also without a record.
  if (!(matches && item) || 'revokedAt' in item) return null
  const record = {
    key,
    level: Number(attribute(item, 'level', 'N', LEVEL)),
    userId: Number(attribute(item, 'userId', 'N', NUMBER)),
    chain: attribute(item, 'chain', 'S', KEY),
    expiresAt: Number(attribute(item, 'expiresAt', 'N', NUMBER)),
  }
  if (record.expiresAt <= now) return null // TTL deletes the record up to days later.
  // The first key of a revoked chain is itself revoked; the others are refused because of the fence.
  if (record.chain !== key && (await read(dynamodb, table, `fence#${record.chain}`))) return null
  return record
}

// Returns the item, or undefined. The read is consistent, so that it sees a revocation at once.
async function read(dynamodb, table, key) {
  const command = new GetItemCommand({ TableName: table, Key: { key: { S: key } }, ConsistentRead: true })
  return (await dynamodb.send(command)).Item
}

// Returns an attribute's value. An attribute that is missing or has another type or form is an exception.
function attribute(item, name, kind, pattern) {
  const value = item[name]?.[kind]
  if (value === undefined || !pattern.test(value)) throw damaged(name)
  return value
}

function damaged(name) {
  return new Error(`the record of the key is damaged: ${name}`)
}
