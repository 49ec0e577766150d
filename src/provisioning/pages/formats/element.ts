import { xml } from '../../formats/xml.js'

/** An element with text, escaped. */
export function element(name: string, text: string): string {
  return `<${name}>${xml.escape(text)}</${name}>`
}

export const xmlHead = '<?xml version="1.0" encoding="UTF-8"?>\n'

export const xmlType = 'text/xml; charset=utf-8'
