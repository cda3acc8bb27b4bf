#Requires -Version 5.1
#Requires -RunAsAdministrator
<#
.SYNOPSIS
Closes the line: nothing leaves this machine but for the claims network, and nobody comes in (Q1).
.DESCRIPTION
Other rules that let traffic out are switched off, all but those that IPv6 and addresses need (core networking), and
their names are kept so that closed-undo.ps1 can switch them on again. With -WhatIf it tells what it would do and
changes nothing. Nothing secret is read or kept.
#>
[CmdletBinding(SupportsShouldProcess)]
param()
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

$group = 'seikyu-claims'
$core = '@FirewallAPI.dll,-25000'
$claims = @(@@prefixes@@)
$folder = Join-Path $env:ProgramData 'seikyu'
$kept = Join-Path $folder 'closed-before.xml'

$open = @(Get-NetFirewallRule -Enabled True -Action Allow | Where-Object { $_.Group -ne $core -and $_.Group -ne $group })
$names = @($open | ForEach-Object { $_.Name })
if (Test-Path -LiteralPath $kept) {
    # It has run before: profiles are closed already; rules that came since then are kept with the others.
    $before = Import-Clixml -LiteralPath $kept
    $before.Rules = @($before.Rules) + $names
} else {
    $profiles = @(Get-NetFirewallProfile | Select-Object -Property 'Name', 'Enabled', 'DefaultInboundAction', 'DefaultOutboundAction')
    $before = [pscustomobject]@{ Rules = $names; Profiles = $profiles }
}
if ($PSCmdlet.ShouldProcess($kept, 'keep what is set now')) {
    New-Item -ItemType Directory -Path $folder -Force | Out-Null
    $before | Export-Clixml -LiteralPath $kept
}
if ($PSCmdlet.ShouldProcess($group, 'let out what the claims network needs')) {
    Get-NetFirewallRule | Where-Object { $_.Group -eq $group } | Remove-NetFirewallRule
    New-NetFirewallRule -DisplayName 'claims: pages and names (TCP)' -Group $group -Direction Outbound -Action Allow -Protocol TCP -RemotePort 443, 53 -RemoteAddress $claims | Out-Null
    New-NetFirewallRule -DisplayName 'claims: names and time (UDP)' -Group $group -Direction Outbound -Action Allow -Protocol UDP -RemotePort 53, 123 -RemoteAddress $claims | Out-Null
@@if ipsec@@
    New-NetFirewallRule -DisplayName 'claims: the gateway (IKE)' -Group $group -Direction Outbound -Action Allow -Protocol UDP -RemotePort 500, 4500 -RemoteAddress @(@@gateway_addresses@@) | Out-Null
    New-NetFirewallRule -DisplayName 'claims: the gateway (ESP)' -Group $group -Direction Outbound -Action Allow -Protocol 50 -RemoteAddress @(@@gateway_addresses@@) | Out-Null
@@end@@
@@if printer@@
    New-NetFirewallRule -DisplayName 'claims: the printer, at the site''s own responsibility (Q5)' -Group $group -Direction Outbound -Action Allow -Protocol TCP -RemotePort 515, 631, @@printer_port@@ -RemoteAddress @@printer@@ | Out-Null
@@end@@
}
if ($PSCmdlet.ShouldProcess(('{0} rules' -f $open.Count), 'switch off what lets other traffic through')) {
    $open | Disable-NetFirewallRule
}
if ($PSCmdlet.ShouldProcess('all profiles', 'block what no rule lets through')) {
    Set-NetFirewallProfile -All -Enabled True -DefaultInboundAction Block -DefaultOutboundAction Block
}
