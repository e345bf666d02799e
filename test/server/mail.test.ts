import { once } from 'node:events'
import { type AddressInfo, connect, createServer } from 'node:net'
import { type Clock, systemClock } from 'layover/protocol'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Mailer, type MailMessage, MailNotSent, smtpMailer } from '../../server/vacation/mail.ts'
import { type Mailbox, startMailbox } from '../../server/vacation/mailbox.ts'

const message: MailMessage = {
  to: 'traveller@example.org',
  subject: 'Your vacation is booked',
  text: 'Hotel H-7K2P4Q\nFlight F-000001\n',
  messageId: '<task-1.mail@layover.example>',
}

let mailbox: Mailbox
let mailer: Mailer
const cleanups: (() => unknown)[] = []

const mailerTo = (url: string, clock: Clock = systemClock): Mailer => {
  const made = smtpMailer({ url, from: 'Layover <bookings@layover.example>', clock })
  cleanups.push(() => made.close())
  return made
}

beforeEach(async () => {
  mailbox = await startMailbox()
  cleanups.push(() => mailbox.close())
  mailer = mailerTo(mailbox.url)
})
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

async function notSent(call: Promise<void>): Promise<MailNotSent> {
  const error = await call.then(
    () => expect.fail('was sent'),
    (reason: unknown) => reason,
  )
  expect(error).toBeInstanceOf(MailNotSent)
  return error as MailNotSent
}

/** A server that takes the connection and says only `greeting`; `reached` resolves at its first caller. */
async function server(greeting: string): Promise<{ url: string; reached: Promise<unknown> }> {
  const silent = createServer(socket => {
    if (greeting) socket.write(greeting)
    socket.on('error', () => socket.destroy())
    cleanups.push(() => socket.destroy())
  })
  const reached = once(silent, 'connection')
  silent.listen(0, '127.0.0.1')
  await once(silent, 'listening')
  cleanups.push(() => silent.close())
  return { url: `smtp://127.0.0.1:${(silent.address() as AddressInfo).port}`, reached }
}

/** Time passes only when told to. */
function stoppedClock(): Clock & { run(): void; readonly asked: number[] } {
  const timers = new Set<() => void>()
  const asked: number[] = []
  return {
    asked,
    now: () => Date.UTC(2031, 4, 1),
    after(ms, run) {
      asked.push(ms)
      timers.add(run)
      return () => void timers.delete(run)
    },
    run: () => {
      for (const timer of timers) timer()
    },
  }
}

describe('a mail', () => {
  it('arrives with the id, the address, the subject and the text it was given', async () => {
    await mailer.send(message)
    expect(mailbox.messages()).toEqual([{ ...message, text: 'Hotel H-7K2P4Q\nFlight F-000001' }])
  })

  it('keeps accents, long lines, leading dots and other scripts', async () => {
    const subject = `Réservation à Reykjavík 京都 ${'très '.repeat(40)}bien`
    const text = `.\n..\nÀ bientôt = ${'ø'.repeat(600)}\n京都へようこそ`
    await mailer.send({ ...message, subject, text })
    expect(mailbox.messages()).toEqual([{ ...message, subject, text }])
  })

  it('sent twice under one Message-ID is seen once and was delivered twice', async () => {
    await mailer.send(message)
    await mailer.send({ ...message, text: 'again' })
    await mailer.send({ ...message, messageId: '<task-2.mail@layover.example>' })
    expect(mailbox.deliveries()).toBe(3)
    expect(mailbox.messages().map(mail => mail.messageId)).toEqual([
      '<task-1.mail@layover.example>',
      '<task-2.mail@layover.example>',
    ])
    expect(mailbox.messages()[0]?.text).toContain('H-7K2P4Q')
  })

  it('that is refused for the moment goes through when it is sent again', async () => {
    mailbox.refuse(1)
    expect(await notSent(mailer.send(message))).toMatchObject({ code: 'UNAVAILABLE', cause: { responseCode: 451 } })
    expect(mailbox.deliveries()).toBe(0)
    await mailer.send(message)
    expect(mailbox.deliveries()).toBe(1)
  })

  it('that is refused for good says so', async () => {
    const tooLarge = { ...message, text: 'x'.repeat(1_100_000) }
    expect(await notSent(mailer.send(tooLarge))).toMatchObject({ code: 'REFUSED', cause: { responseCode: 552 } })
    expect(mailbox.messages()).toEqual([])
  })

  it.each<[string, keyof MailMessage, string]>([
    ['a line break in the address', 'to', 'traveller@example.org\r\nBcc: all@example.org'],
    ['a bare line feed in the address', 'to', 'traveller@example.org\nBcc: all@example.org'],
    ['two addresses', 'to', 'traveller@example.org, other@example.org'],
    ['two addresses without a comma', 'to', 'traveller@example.org other@example.org'],
    ['a group', 'to', 'friends: traveller@example.org;'],
    ['a name before the address', 'to', 'Traveller <traveller@example.org>'],
    ['no address', 'to', ''],
    ['no host', 'to', 'traveller@'],
    ['a line break in the subject', 'subject', 'Booked\r\nBcc: all@example.org'],
    ['a line break in the Message-ID', 'messageId', '<a\r\nb@layover.example>'],
    ['a bare Message-ID', 'messageId', 'task-1@layover.example'],
    ['no text', 'text', ''],
  ])('with %s is refused before anything is sent', async (_, field, value) => {
    const error = await notSent(mailer.send({ ...message, [field]: value }))
    expect(error).toMatchObject({ code: 'INVALID_MESSAGE', field })
    expect(mailbox.deliveries()).toBe(0)
  })
})

describe('a mail server', () => {
  it.each([
    ['says nothing', ''],
    ['greets and then says nothing', '220 here\r\n'],
  ])('that %s is given up after 10 seconds', async (_, greeting) => {
    const { url, reached } = await server(greeting)
    const clock = stoppedClock()
    const call = notSent(mailerTo(url, clock).send(message))
    await reached
    clock.run()
    expect(await call).toMatchObject({ code: 'UNAVAILABLE', cause: { code: 'TIMEOUT' } })
    expect(clock.asked).toEqual([10_000])
  })

  it('that is not there is unavailable', async () => {
    await mailbox.close()
    expect(await notSent(mailer.send(message))).toMatchObject({ code: 'UNAVAILABLE', cause: { code: 'ESOCKET' } })
  })

  it('is left when the caller gives up or the mailer closes', async () => {
    const { url, reached } = await server('')
    const stuck = mailerTo(url, stoppedClock())
    const caller = new AbortController()
    const calls = [notSent(stuck.send(message, caller.signal)), notSent(stuck.send(message))]
    await reached
    caller.abort(new Error('withdrawn'))
    expect(await calls[0]).toMatchObject({ code: 'UNAVAILABLE', cause: { message: 'withdrawn' } })
    stuck.close()
    expect(await calls[1]).toMatchObject({ code: 'UNAVAILABLE' })
    expect(await notSent(stuck.send(message))).toMatchObject({ code: 'UNAVAILABLE' })
  })

  it('address that is none is refused at the start', () => {
    expect(() => mailerTo('http://mail.example')).toThrow(TypeError)
    expect(() => smtpMailer({ url: mailbox.url, from: 'a@b.example\r\nBcc: c@d.example', clock: systemClock })).toThrow(
      TypeError,
    )
  })

  it('of the demo closes although a caller is in the middle of a session', async () => {
    const { port } = new URL(mailbox.url)
    const socket = connect(Number(port), '127.0.0.1')
    await once(socket, 'data')
    const dropped = once(socket, 'close')
    await Promise.all([mailbox.close(), mailbox.close()])
    await dropped
    const again = await startMailbox({ port: Number(port) })
    await expect(startMailbox({ port: Number(port) })).rejects.toMatchObject({ code: 'EADDRINUSE' })
    await again.close()
  })
})
