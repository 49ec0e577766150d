import { type FileContent, type Format, printable, settingsCollector } from './format.js'

const firstLine = '#!version:1.0.0.1'

/**
 * Yealink: one `name = value` a line, `#` begins a comment. There is no quoting, so a value cannot hold a line end. `%NULL%` means "back to
 * the default": an absent value is written so, and a name that holds the word is changed to stay a name.
 */
export const lines: Format = {
  name: 'lines',
  escape: (value) => printable(value).replaceAll('%NULL%', '% NULL %').trim() || '%NULL%',
  read,
}

function read(text: string): FileContent {
  const { settings, add } = settingsCollector()
  const problems = text.startsWith(`${firstLine}\n`) ? [] : [`the first line is not ${firstLine}`]
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === '' || line.trimStart().startsWith('#')) continue
    const at = line.indexOf('=')
    const name = line.slice(0, Math.max(at, 0)).trim().toLowerCase()
    if (at < 0 && /^include:config "[^"]+"$/.test(line.trim())) add('include:config', line.trim())
    else if (!/^[a-z0-9_.-]+$/.test(name)) problems.push(`line ${index + 1} is not \`name = value\``)
    else add(name, line.slice(at + 1).trim())
  }
  return { settings, problems }
}
