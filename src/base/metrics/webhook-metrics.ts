import { Counter, type Registry } from 'prom-client'

/** Events posted to webhooks. */
export function webhookMetrics(registers: [Registry]) {
  return {
    webhookPostsTotal: new Counter({
      name: 'hotdesk_webhook_posts_total',
      help: 'Events posted to webhooks, by outcome: delivered or failed',
      labelNames: ['outcome'],
      registers,
    }),
  }
}
