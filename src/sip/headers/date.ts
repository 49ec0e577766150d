const days = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun']
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** `Sat, 13 Nov 2010 23:29:00 GMT`, and no other time zone (RFC 3261 §20.17). Epoch milliseconds; null for anything else. */
export function parseDate(text: string): number | null {
  const parts = /^([A-Z][a-z]{2}), ([0-9]{2}) ([A-Z][a-z]{2}) ([0-9]{4}) ([01][0-9]|2[0-3]):([0-5][0-9]):([0-5][0-9]|60) GMT$/.exec(text)
  if (!parts) return null
  const [, weekday = '', day = '', month = '', year = '', hour = '', minute = '', second = ''] = parts
  const isDate = days.includes(weekday) && months.includes(month)
  const time = Date.UTC(Number(year), months.indexOf(month), Number(day), Number(hour), Number(minute), Number(second))
  return isDate && new Date(time).getUTCDate() === Number(day) ? time : null
}
