import { expect, test } from 'vitest'
import { renderedOverride } from './sample-view.js'

/** What an override adds to the built-in file, and why it is not served. */
test.each([
  ['poly', 'reg.1.address="HD0002@example.com"', "Attribute 'reg.1.address' is repeated"],
  ['poly', 'REG.1.address="HD0002@example.com"', 'adds polycomConfig@REG.1.address'],
  ['poly', '/><reg reg.1.auth.userId="HD0002"/><polycomConfig', 'has 3 outermost elements'],
  ['poly', 'lineKey.2.category="Presence"', "Attribute 'lineKey.2.category' is repeated"],
  ['poly', 'attendant.resourceList.9.address="x@example.com"', 'attendant.resourceList has'],
  ['fanvil', '<sip><line index="1"><RegisterUser>HD0002</RegisterUser></line></sip>', 'RegisterUser is set 2 times'],
  ['fanvil', '<sip><line index="1"><HotlineNum>101</HotlineNum></line></sip>', 'adds sysConf/sip/line[index=1]/HotlineNum'],
  [
    'gigaset-maxwell',
    '<param name="sip.account.0.authname" value="HD0002"/>',
    'adds provisioning/nvm/param[name=sip.account.0.authname]@value',
  ],
  ['gigaset-n', '<oper name="DeleteNotProvisionedHS"/>', 'would unsubscribe the handsets'],
  ['cisco', '<user_id_1_>HD0002</user_id_1_>', 'adds flat-profile/user_id_1_'],
  ['cisco', '<Dial_Plan_1_>(x.)</Dial_Plan_1_>', 'Dial_Plan_1_ is set 2 times'],
  ['cisco', '<Extended_Function_9_>fnc=sd;ext=1;ext=2</Extended_Function_9_>', 'which the phone does not know'],
  ['cisco', '<Cfwd_Any_Act_Code>*77</Cfwd_Any_Act_Code>', 'adds flat-profile/Cfwd_Any_Act_Code'],
  ['generic', ', "line": { "userId": "HD0002", "password": "x", "servers": [{ "host": "x" }] }', 'changes line.userId'],
])('%s: an override that adds %s is not served', (family, more, problem) => {
  const { template, problems } = renderedOverride(family, more)
  expect(template).toBe(`built-in/${family}.liquid`)
  expect(problems.join('\n')).toContain(problem)
})

test.each([
  ['poly', 'up.backlight.timeout="20"'],
  ['fanvil', '<vpn><VPNmode>-1</VPNmode></vpn>'],
  ['gigaset-n', '<param name="DmGlobal.0.SuotaEnable" value="1"/>'],
  ['gigaset-maxwell', '<param name="PhoneUI.Settings.Backlight" value="5"/>'],
  ['cisco', '<Back_Light_Timer>5m</Back_Light_Timer>'],
  ['generic', ', "note": "hello"'],
])('%s: an override may add %s', (family, more) => {
  expect(renderedOverride(family, more)).toMatchObject({ template: `site/paris/${family}.liquid`, problems: [] })
})
