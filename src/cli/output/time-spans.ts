/** `8 s ago`, `3 min ago`, `2 h 05 ago`, `4 d ago`: rounded down. A time ahead, by a clock that is ahead, is now. */
export function ago(seconds: number): string {
  return `${span(Math.max(0, Math.floor(seconds)))} ago`
}

/** `30 s`, `3 min`: rounded up, so that what is left is never less than said. */
export function left(seconds: number): string {
  return span(seconds < 60 ? seconds : Math.ceil(seconds / 60) * 60)
}

function span(seconds: number): string {
  const minutes = Math.floor(seconds / 60)
  const hours = Math.floor(minutes / 60)
  if (minutes === 0) return `${seconds} s`
  if (hours === 0) return `${minutes} min`
  if (hours < 24) return `${hours} h ${String(minutes % 60).padStart(2, '0')}`
  return `${Math.floor(hours / 24)} d`
}
