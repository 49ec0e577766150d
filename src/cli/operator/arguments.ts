import { Argument, InvalidArgumentError, Option } from 'commander'
import { parseDeviceId, parseExtension, parseSiteName } from '../../base/identity.js'

function extensionOf(text: string): string {
  if (parseExtension(text) === null) throw new InvalidArgumentError('An extension is 1 to 15 digits.')
  return text
}

function deviceOf(text: string): string {
  if (parseDeviceId(text) === null) throw new InvalidArgumentError('A device begins with a letter, such as HD0001.')
  return text
}

function siteOf(text: string): string {
  if (parseSiteName(text) === null)
    throw new InvalidArgumentError('A site is a lower-case letter followed by lower-case letters, digits or -.')
  return text
}

function eitherOf(text: string): string {
  if (parseDeviceId(text) === null && parseExtension(text) === null)
    throw new InvalidArgumentError('An extension is 1 to 15 digits; a device begins with a letter.')
  return text
}

/** Arguments that are checked before a command runs; an invalid one is wrong usage. */
export const extensionArgument = (name = 'extension', about = "a user's number, such as 100"): Argument =>
  new Argument(`<${name}>`, about).argParser(extensionOf)
export const deviceArgument = (about = 'a phone, such as HD0001', name = 'device'): Argument =>
  new Argument(`<${name}>`, about).argParser(deviceOf)
export const extensionOption = (flag: string, about: string): Option => new Option(`${flag} <extension>`, about).argParser(extensionOf)
export const siteArgument = (): Argument => new Argument('<site>', 'an office, such as paris').argParser(siteOf)
export const siteOption = (flag: string, about: string): Option => new Option(`${flag} <site>`, about).argParser(siteOf)
export const eitherArgument = (): Argument => new Argument('<extension|device>', 'a user or a phone').argParser(eitherOf)
