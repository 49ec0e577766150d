import { parseSiteName } from '../../base/identity.js'
import { commandEntry, enrolmentKey } from '../../directory/directory.js'
import type { CommandNeeds } from '../needs.js'
import { withDirectory } from '../operator/network.js'
import { thisOperator } from '../operator/operator-identity.js'
import { type Form, printWarnings, reportRefusal, unknownText } from '../records/outcome.js'
import { reachWarnings } from './reach.js'

export interface EnrolOptions extends Form {
  readonly site?: string
  readonly minutes: number
  readonly phones: number
  readonly location?: string
  readonly close?: boolean
}

/** `hotdesk phone enrol` */
export async function enrol({ minutes, phones, location, close, ...options }: EnrolOptions, needs: CommandNeeds): Promise<void> {
  const config = needs.config('look')
  const site = parseSiteName(options.site ?? config.site) ?? config.site
  const done = await withDirectory(config, async (directory, store) => {
    if (!directory.site(site)) {
      reportRefusal({ needs, subject: site, form: options }, [unknownText('site')])
      return false
    }
    const until = String(Math.floor(store.clock.now() / 1_000) + minutes * 60)
    const fields = close ? null : { until, limit: String(phones), ...(location === undefined ? {} : { location }) }
    const entry = commandEntry('enrolment', { site, outcome: close ? 'closed' : 'opened' }, thisOperator())
    // The phones of an earlier window do not count.
    await store.writeAll([{ key: enrolmentKey(site), fields: null }, ...(fields ? [{ key: enrolmentKey(site), fields }] : [])], undefined, [
      entry,
    ])
    if (fields) await store.renew(enrolmentKey(site), minutes * 60 + 60)
    return true
  })
  if (!done) return
  const { print, paint } = needs.terminal
  const words = close ? 'closed' : `open for ${minutes} minutes, for ${phones} phones; hotdesk phone list shows them`
  print(
    options.json ? JSON.stringify({ subject: site, done: true, ...(close ? {} : { minutes, phones }) }) : `${paint.strong(site)}: ${words}`,
  )
  if (!close) printWarnings(needs, reachWarnings(config))
}
