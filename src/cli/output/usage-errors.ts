/**
 * Removes the values from an error message of commander, because any of them can be a PIN or a password. Names of options and commands stay
 * if they consist of letters.
 */
export function withoutValues(message: string): string {
  return message
    .replace(/^(error: option '[^']*') (?:argument|value) '[\s\S]*'( from env '[^']*')? is invalid\./, '$1: the value$2 is invalid.')
    .replace(/^error: command-argument value '[\s\S]*' is invalid for argument ('[^']*')\./, 'error: the value of argument $1 is invalid.')
    .replace(/^(error: unknown option) '([\s\S]*)'/, (_, what: string, flag: string) => `${what} '${optionName(flag)}'`)
    .replace(/^(error: unknown command) '([\s\S]*)'/, (_, what: string, name: string) => `${what} '${isName(name) ? name : '…'}'`)
}

/** `--pin=4711` → `--pin=…`, `-p4711` → `-p…` */
function optionName(flag: string): string {
  const [name = ''] = /^(--[A-Za-z-]*=?|-[A-Za-z]?)/.exec(flag) ?? []
  return name.length < flag.length ? `${name}…` : name
}

function isName(text: string): boolean {
  return /^[A-Za-z-]{1,40}$/.test(text)
}
