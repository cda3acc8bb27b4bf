#Requires -Version 5.1
#Requires -RunAsAdministrator
<#
.SYNOPSIS
Puts back what pppoe.ps1 has changed.
#>
[CmdletBinding(SupportsShouldProcess)]
param()
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

$mark = 'seikyu-claims'
$kept = Join-Path $env:ProgramData 'seikyu\pppoe-before.xml'
if ($PSCmdlet.ShouldProcess($mark, 'remove the rules for names')) {
    Get-DnsClientNrptRule | Where-Object { $_.Comment -eq $mark } | Remove-DnsClientNrptRule -Force
    Clear-DnsClientCache
}
if (-not (Test-Path -LiteralPath $kept)) {
    Write-Warning 'Nothing else was kept: pppoe.ps1 has not run on this machine.'
    return
}
$before = Import-Clixml -LiteralPath $kept
if ($before.IPv6 -and $PSCmdlet.ShouldProcess($before.Interface, 'IPv6 on')) {
    Get-NetAdapterBinding | Where-Object { $_.Name -eq $before.Interface -and $_.ComponentID -eq 'ms_tcpip6' } | Enable-NetAdapterBinding
}
if ($PSCmdlet.ShouldProcess($kept, 'delete what was kept')) {
    Remove-Item -LiteralPath $kept
}
