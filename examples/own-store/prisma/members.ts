// The writes of users and sessions that two processes must not do by halves.

import {
  type AuthEvent,
  ConflictError,
  type SessionStore,
  type UserRecord,
  type UserStore,
} from 'portcullis/stores'
import type { PrismaClient } from './generated/client.ts'
import type { MemberModel, SessionModel } from './generated/models.ts'
import { inTransaction, isTaken, type Transaction } from './transaction.ts'

export function createUsers(
  prisma: PrismaClient,
): Pick<UserStore, 'create' | 'createFirst' | 'findByUsername' | 'update'> {
  return {
    async create(user, event) {
      await inTransaction(prisma, async (tx) => {
        await tx.member.create({ data: toRow(user) })
        await addEvent(tx, event)
      }).catch(refuseTaken)
    },
    async createFirst(user, event) {
      // Serializable: another transaction that finds no member either cannot commit beside this one.
      return await inTransaction(prisma, async (tx) => {
        if ((await tx.member.findFirst({ select: { id: true } })) !== null) return false
        await tx.member.create({ data: toRow(user) })
        await addEvent(tx, event)
        return true
      })
    },
    async findByUsername(username) {
      const row = await prisma.member.findUnique({ where: { username } })
      return row && toRecord(row)
    },
    async update(id, changes, { keepOneActiveIn = [], event } = {}) {
      return await inTransaction(prisma, async (tx) => {
        const row = await tx.member.findUnique({ where: { id } })
        if (row === null) return null
        if (row.active && keepOneActiveIn.includes(row.role)) {
          const another = await tx.member.findFirst({
            where: { id: { not: id }, active: true, role: { in: [...keepOneActiveIn] } },
          })
          if (another === null) throw new ConflictError('last_active')
        }
        const changed = await tx.member.update({ where: { id }, data: changes })
        await addEvent(tx, event)
        return toRecord(changed)
      })
    },
  }
}

export function createSessions(prisma: PrismaClient): Pick<SessionStore, 'create' | 'rotate'> {
  return {
    async create({ userId, ...session }, event) {
      return await inTransaction(prisma, async (tx) => {
        const { securityStamp } = session
        const where = { id: userId, active: true, securityStamp }
        if ((await tx.member.findUnique({ where })) === null) return false
        await tx.session.create({
          data: { ...session, memberId: userId, scopes: [...session.scopes] },
        })
        await addEvent(tx, event)
        return true
      })
    },
    async rotate({ id, generation, retryOf = null, clientId, now, idleSince }) {
      return await inTransaction(prisma, async (tx) => {
        // Prisma compares no column with one of another table, so the stamp is read first. Serializable
        // makes the read and the update one step.
        const member = await tx.member.findFirst({
          where: { active: true, sessions: { some: { id } } },
        })
        if (member === null) return null
        const [session] = await tx.session.updateManyAndReturn({
          where: {
            id,
            generation,
            clientId,
            revokedAt: null,
            expiresAt: { gt: now },
            rotatedAt: { gt: idleSince },
            securityStamp: member.securityStamp,
          },
          data: { generation: generation + 1, retryOf, rotatedAt: now },
        })
        return session === undefined ? null : toSession(session)
      })
    },
  }
}

async function addEvent(tx: Transaction, event: AuthEvent | undefined): Promise<void> {
  if (event === undefined) return
  await tx.event.create({ data: { id: event.id, at: event.at, record: { ...event } } })
}

/** @throws {ConflictError} `username_taken` */
function refuseTaken(error: unknown): never {
  throw isTaken(error) ? new ConflictError('username_taken') : error
}

function toRow({ createdAt, ...user }: UserRecord) {
  return { ...user, created: new Date(createdAt * 1000) }
}

function toRecord({ created, ...row }: MemberModel): UserRecord {
  return { ...row, createdAt: Math.floor(created.getTime() / 1000) }
}

function toSession({ memberId, ...row }: SessionModel) {
  return {
    ...row,
    userId: memberId,
    rotatedAt: Number(row.rotatedAt),
    createdAt: Number(row.createdAt),
    expiresAt: Number(row.expiresAt),
    revokedAt: row.revokedAt === null ? null : Number(row.revokedAt),
  }
}
