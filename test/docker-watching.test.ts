import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { createMetrics } from '../src/base/metrics.js'
import { commandEntries } from '../src/cli/commands.js'
import { type Promql, readPromql, type Selector } from './support/repo/promql.js'
import { readTree, root } from './support/repo/source-tree.js'

interface Known {
  readonly type: string
  readonly labels: readonly string[]
}

interface Panel {
  readonly title: string
  readonly description?: string
  readonly type: string
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number }
  readonly targets?: readonly { readonly expr: string; readonly legendFormat: string }[]
  readonly fieldConfig?: { readonly defaults: { readonly unit?: string } }
}

interface Rule {
  readonly alert: string
  readonly expr: string
  readonly labels: { readonly severity: string }
  readonly annotations: { readonly summary: string; readonly runbook: string }
}

const text = (path: string): string => readFileSync(join(root, 'docker', path), 'utf8')
const dashboard = JSON.parse(text('grafana/dashboards/hotdesk.json')) as {
  readonly panels: readonly Panel[]
  readonly templating: { readonly list: readonly { readonly name: string; readonly query: { readonly query?: string } }[] }
}
const panels = dashboard.panels.filter(({ type }) => type !== 'row')
const { groups } = parse(text('alerts.yml')) as { readonly groups: readonly { readonly rules: readonly Rule[] }[] }
const rules = groups.flatMap((group) => group.rules)
const { scrape_configs: jobs } = parse(text('prometheus.yml')) as {
  readonly scrape_configs: readonly { readonly job_name: string; readonly static_configs: readonly { readonly labels: object }[] }[]
}

/** What Prometheus adds to each series of a target. */
const ofTarget = ['job', ...new Set(jobs.flatMap((job) => job.static_configs.flatMap(({ labels }) => Object.keys(labels))))]
const known = knownMetrics()
const sources = readTree('src')
  .map((file) => file.text)
  .join('\n')

function knownMetrics(): ReadonlyMap<string, Known> {
  const registered = createMetrics().registry.getMetricsAsArray() as unknown as readonly (Known & { name: string; labelNames: string[] })[]
  const found = new Map<string, Known>([['up', { type: 'gauge', labels: [] }]])
  for (const { name, type, labelNames: labels } of registered) {
    if (type !== 'histogram') found.set(name, { type, labels })
    else {
      found.set(`${name}_bucket`, { type: 'bucket', labels: [...labels, 'le'] })
      for (const part of ['count', 'sum']) found.set(`${name}_${part}`, { type: 'counter', labels })
    }
  }
  return found
}

const labelsOf = ({ name }: Selector): readonly string[] => [...(known.get(name)?.labels ?? []), ...ofTarget]

/** What is wrong with an expression, in words. */
function objections(expr: string): string[] {
  const promql = readPromql(expr)
  const wrong = promql.selectors.flatMap((selector) => [...misused(selector), ...mismatched(selector)])
  const labels = promql.selectors.flatMap(labelsOf)
  const foreign = promql.grouping.filter((label) => !labels.includes(label)).map((label) => `nothing there has the label ${label}`)
  const bare = promql.selectors.length === 0 ? ['no metric in it'] : []
  return [...wrong, ...foreign, ...bare, ...quantiles(promql)].map((what) => `${expr}: ${what}`)
}

function misused({ name, within: [inner = ''], isRange }: Selector): string[] {
  const type = known.get(name)?.type
  if (type === undefined) return [`there is no metric ${name}`]
  const isRated = ['rate', 'increase'].includes(inner)
  if (type === 'gauge') return isRated ? [`${name} is a gauge`] : []
  return isRated && isRange ? [] : [`${name} only grows: rate or increase, over a range`]
}

function quantiles({ selectors, grouping }: Promql): string[] {
  const judged = selectors.filter(({ within }) => within.includes('histogram_quantile'))
  const buckets = selectors.filter(({ name }) => known.get(name)?.type === 'bucket')
  if (judged.length === 0 && buckets.length === 0) return []
  const isRight = judged.length === buckets.length && grouping.includes('le')
  return isRight ? [] : ['histogram_quantile takes buckets, by le']
}

function mismatched(selector: Selector): string[] {
  return selector.matchers.flatMap(({ label, value }) => {
    if (!labelsOf(selector).includes(label)) return [`${selector.name} has no label ${label}`]
    if (value.startsWith('$')) return dashboard.templating.list.some(({ name }) => `$${name}` === value) ? [] : [`no variable ${value}`]
    const isThere = (word: string): boolean =>
      label === 'job' ? jobs.some(({ job_name }) => job_name === word) : sources.includes(`'${word}'`) || sources.includes(`${word}:`)
    return value.split('|').flatMap((word) => (isThere(word) ? [] : [`${label} is never ${word}`]))
  })
}

/** The labels that are left on the result. */
function labelsLeft(expr: string): readonly string[] {
  const { selectors, grouping } = readPromql(expr)
  return grouping.length > 0 ? grouping : selectors.flatMap(labelsOf)
}

const named = (template: string, pattern: RegExp): string[] => Array.from(template.matchAll(pattern), ([, label]) => label ?? '')

describe('the check of an expression', () => {
  test.each([
    ['rate(hotdesk_call_total[5m])', /no metric hotdesk_call_total$/],
    ['hotdesk_calls_total > 5', /only grows/],
    ['rate(hotdesk_calls_active[5m])', /is a gauge/],
    ['increase(hotdesk_calls_total{outcome="server"}[5m])', /no label outcome/],
    ['increase(hotdesk_calls_total{result="sever"}[5m])', /never sever/],
    ['sum by (trunk) (hotdesk_calls_active)', /label trunk/],
    ['histogram_quantile(0.9, sum by (site) (rate(hotdesk_login_seconds_bucket[5m])))', /by le/],
    ['histogram_quantile(0.9, sum by (le) (rate(hotdesk_login_seconds_sum[5m])))', /takes buckets/],
    ['up{job="hotdisk"} == 0', /never hotdisk/],
    ['hotdesk_store_up{site=~"$sites"}', /no variable/],
  ])('objects to %s', (expr, objection) => {
    expect(objections(expr).join()).toMatch(objection)
  })
})

describe('alerts', () => {
  test('ask for metrics that there are, as what they are', () => {
    expect(rules.length).toBeGreaterThan(20)
    expect(rules.flatMap(({ expr }) => objections(expr))).toEqual([])
  })

  test('have each a name of their own, a severity, a sentence, and what to do', () => {
    expect(new Set(rules.map(({ alert }) => alert)).size).toBe(rules.length)
    for (const { alert, labels, annotations } of rules) {
      expect([alert, labels.severity]).toEqual([alert, expect.stringMatching(/^(critical|warning|info)$/)])
      expect([alert, annotations.summary.length > 20, annotations.runbook.length > 60]).toEqual([alert, true, true])
    }
  })

  test('name only labels that their expression leaves', () => {
    const lost = rules.flatMap(({ alert, expr, annotations }) =>
      named(`${annotations.summary} ${annotations.runbook}`, /\$labels\.([a-z]+)/g)
        .filter((label) => !labelsLeft(expr).includes(label))
        .map((label) => `${alert}: ${label}`),
    )
    expect(lost).toEqual([])
  })

  test('send operators to alerts, panels and commands that there are', () => {
    const program = commandEntries.map(({ name }) => name)
    const titles = [...panels.map(({ title }) => title), 'Capacity', 'please try later']
    const unknown = rules.flatMap(({ annotations: { runbook } }) => [
      ...named(runbook, /hotdesk (?!<)([a-z]+)/g).filter((command) => !program.includes(command)),
      ...named(runbook, /see ([A-Z][A-Za-z]+)/g).filter((alert) => !rules.some((rule) => rule.alert === alert)),
      ...named(runbook, /As for ([A-Z][A-Za-z]+)/g).filter((alert) => !rules.some((rule) => rule.alert === alert)),
      ...named(runbook, /“([^”]+)”/g).filter((title) => !titles.includes(title)),
    ])
    expect(program.length).toBeGreaterThan(10)
    expect(unknown).toEqual([])
  })
})

describe('the dashboard', () => {
  test('asks for metrics that there are, as what they are', () => {
    expect(panels.length).toBeGreaterThan(20)
    expect(panels.flatMap(({ targets = [] }) => targets.flatMap(({ expr }) => objections(expr)))).toEqual([])
  })

  test('draws every metric of our own', () => {
    const drawn = panels.flatMap(({ targets = [] }) => targets.flatMap(({ expr }) => readPromql(expr).selectors.map(({ name }) => name)))
    const own = [...known.keys()].filter((name) => name.startsWith('hotdesk_') && !/_(count|sum)$/.test(name))
    expect(own.filter((name) => !drawn.includes(name))).toEqual([])
  })

  test('has on each panel a title of its own, an explanation, a unit and legends that tell the lines apart', () => {
    expect(new Set(panels.map(({ title }) => title)).size).toBe(panels.length)
    for (const { title, description = '', fieldConfig, targets = [] } of panels) {
      expect([title, description.length > 10, fieldConfig?.defaults.unit !== undefined, targets.length > 0]).toEqual([
        title,
        true,
        true,
        true,
      ])
      const lost = targets.flatMap(({ expr, legendFormat }) =>
        named(legendFormat, /\{\{([a-z]+)\}\}/g).filter((label) => !labelsLeft(expr).includes(label)),
      )
      expect([title, lost]).toEqual([title, []])
    }
  })

  test('has no panel over another one', () => {
    const cells = dashboard.panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, index) => `${x + (index % w)},${y + Math.floor(index / w)}`),
    )
    expect(new Set(cells).size).toBe(cells.length)
    expect(dashboard.panels.every(({ gridPos: { x, w } }) => x + w <= 24)).toBe(true)
  })

  test('is provisioned from where compose mounts it, on the data source that is provisioned', () => {
    const { datasources } = parse(text('grafana/provisioning/datasources/prometheus.yaml')) as {
      datasources: { uid: string; type: string }[]
    }
    const { providers } = parse(text('grafana/provisioning/dashboards/hotdesk.yaml')) as { providers: { options: { path: string } }[] }
    expect(datasources.map(({ type }) => type)).toEqual(['prometheus'])
    expect(text('grafana/dashboards/hotdesk.json')).toContain(`"value": "${datasources[0]?.uid}"`)
    expect(text('compose.yaml')).toContain(`./grafana/dashboards:${providers[0]?.options.path}:ro`)
  })
})
