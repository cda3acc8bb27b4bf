#Requires -Version 5.1
#Requires -RunAsAdministrator
<#
.SYNOPSIS
Opens what closed.ps1 has closed.
#>
[CmdletBinding(SupportsShouldProcess)]
param()
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

$group = 'seikyu-claims'
$kept = Join-Path $env:ProgramData 'seikyu\closed-before.xml'
if (-not (Test-Path -LiteralPath $kept)) {
    Write-Warning 'Nothing was kept: closed.ps1 has not run on this machine.'
    return
}
$before = Import-Clixml -LiteralPath $kept
if ($PSCmdlet.ShouldProcess('all profiles', 'as they were')) {
    foreach ($each in $before.Profiles) {
        Set-NetFirewallProfile -Name $each.Name -Enabled ([string] $each.Enabled) -DefaultInboundAction ([string] $each.DefaultInboundAction) -DefaultOutboundAction ([string] $each.DefaultOutboundAction)
    }
}
if ($PSCmdlet.ShouldProcess(('{0} rules' -f @($before.Rules).Count), 'switch on again')) {
    foreach ($name in $before.Rules) {
        Enable-NetFirewallRule -Name $name -ErrorAction SilentlyContinue
    }
}
if ($PSCmdlet.ShouldProcess($group, 'remove the rules of the claims line')) {
    Get-NetFirewallRule | Where-Object { $_.Group -eq $group } | Remove-NetFirewallRule
}
if ($PSCmdlet.ShouldProcess($kept, 'delete what was kept')) {
    Remove-Item -LiteralPath $kept
}
