import type { Arrow, Party } from '../conversation.js'

/** How the calls and registrations of a trace have gone, a sentence each. */
export function outcomeWords(arrows: readonly Arrow[]): string[] {
  const dialogs = new Map<string, Arrow[]>()
  for (const arrow of arrows) dialogs.set(arrow.callId, [...(dialogs.get(arrow.callId) ?? []), arrow])
  return [...dialogs.values()].flatMap((dialog) => {
    const first = dialog.find(({ sip }) => sip.method === 'INVITE' || sip.method === 'REGISTER')
    // The legs that a node sets up belong to a call that the first leg tells about.
    if (!first || first.from.isNode) return []
    return first.sip.method === 'INVITE' ? callWords(first, dialog, arrows) : registrationWords(first, dialog)
  })
}

function callWords(invite: Arrow, dialog: readonly Arrow[], all: readonly Arrow[]): string[] {
  const head = `${invite.from.name} called ${invite.sip.target}`
  const final = finalOf(dialog, 'INVITE')
  const cancel = dialog.find(({ sip }) => sip.method === 'CANCEL')
  if (!final) return [`${head}: no final response ${cancel ? 'to its CANCEL ' : ''}so far${unansweredWords(all)}`]
  const seconds = (to: Arrow, from: Arrow): string => `${((to.at - from.at) / 1_000).toFixed(1)} s`
  if (final.sip.status >= 300) {
    if (cancel) return [`${head}: given up after ${seconds(cancel, invite)}`]
    const { status, reason } = final.sip
    const source = lastOf(all, final, ({ sip, from }) => sip.status === status && sip.about === 'INVITE' && !from.isNode)
    return [`${head}: refused ${status} ${reason}${source ? ` by ${source.name}` : ''}${unansweredWords(all)}`]
  }
  const answered = `${head}: answered after ${seconds(final, invite)}`
  const bye = dialog.find(({ sip }) => sip.method === 'BYE')
  if (!bye) return [`${answered}, in progress`]
  const end = bye.from.isNode ? lastOf(all, bye, ({ sip, from }) => sip.method === 'BYE' && !from.isNode) : bye.from
  return [`${answered}, ended after ${seconds(bye, final)} by ${(end ?? bye.from).name}`]
}

/** Who has sent the latest such message before another one. */
function lastOf(all: readonly Arrow[], before: Arrow, isMeant: (arrow: Arrow) => boolean): Party | null {
  return all.findLast((arrow) => arrow.at <= before.at && arrow.at > before.at - 2_000 && isMeant(arrow))?.from ?? null
}

function finalOf(dialog: readonly Arrow[], method: string): Arrow | undefined {
  const challenges = [401, 407, 422]
  const finals = dialog.filter(({ sip }) => sip.about === method && sip.status >= 200)
  return finals.find(({ sip }) => !challenges.includes(sip.status)) ?? finals.at(-1)
}

/** `; HD0003 has not responded to INVITE, sent 7 times` */
function unansweredWords(all: readonly Arrow[]): string {
  const repeated = all.filter(({ sip, repeats }) => repeats >= 2 && sip.method !== null && sip.method !== 'ACK')
  const silent = repeated.findLast(
    ({ callId, sip }) => !all.some((other) => other.callId === callId && other.sip.status > 0 && other.sip.about === sip.method),
  )
  return silent ? `; ${silent.to.name} has not responded to ${silent.sip.method}, sent ${silent.repeats + 1} times` : ''
}

function registrationWords(register: Arrow, dialog: readonly Arrow[]): string[] {
  const head = `${register.from.name} registered at ${register.to.name}`
  const requests = dialog.filter(({ sip, repeats }) => sip.method === 'REGISTER' && repeats === 0)
  const final = dialog.findLast(({ sip }) => sip.about === 'REGISTER' && sip.status >= 200)
  if (!final) return [`${head}: no response so far`]
  const { status, reason } = final.sip
  if (status < 300) return [`${head}: accepted`]
  const hasProof = requests.at(-1)?.sip.header('Authorization') !== ''
  if (status === 401 && !hasProof) return [`${head}: was asked for its password and has not sent it`]
  if (status === 401) return [`${head}: refused 401, because its password or user name is wrong`]
  return [`${head}: refused ${status} ${reason}`]
}
