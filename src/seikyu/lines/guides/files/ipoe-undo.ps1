#Requires -Version 5.1
#Requires -RunAsAdministrator
<#
.SYNOPSIS
Puts back what ipoe.ps1 has changed.
#>
[CmdletBinding(SupportsShouldProcess)]
param()
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

$mark = 'seikyu-claims'
$kept = Join-Path $env:ProgramData 'seikyu\ipoe-before.xml'
if ($PSCmdlet.ShouldProcess($mark, 'remove the rules for names')) {
    Get-DnsClientNrptRule | Where-Object { $_.Comment -eq $mark } | Remove-DnsClientNrptRule -Force
    Clear-DnsClientCache
}
if (-not (Test-Path -LiteralPath $kept)) {
    Write-Warning 'Nothing else was kept: ipoe.ps1 has not run on this machine.'
    return
}
$before = Import-Clixml -LiteralPath $kept
$card = @(Get-NetAdapter | Where-Object { $_.Name -eq $before.Interface })
$index = $card[0].ifIndex
$bindings = @(Get-NetAdapterBinding | Where-Object { $_.Name -eq $before.Interface })
if ($PSCmdlet.ShouldProcess($before.Interface, 'resolvers and metric as they were')) {
    if (@($before.Resolvers).Count) {
        Set-DnsClientServerAddress -InterfaceIndex $index -ServerAddresses $before.Resolvers
    } else {
        Set-DnsClientServerAddress -InterfaceIndex $index -ResetServerAddresses
    }
    if ($before.AutomaticMetric -eq 'Enabled') {
        Set-NetIPInterface -InterfaceIndex $index -AddressFamily IPv6 -AutomaticMetric Enabled
    } else {
        Set-NetIPInterface -InterfaceIndex $index -AddressFamily IPv6 -InterfaceMetric $before.Metric
    }
}
if ($before.IPv4 -and $PSCmdlet.ShouldProcess($before.Interface, 'IPv4 on')) {
    $bindings | Where-Object { $_.ComponentID -eq 'ms_tcpip' } | Enable-NetAdapterBinding
}
if (-not $before.IPv6 -and $PSCmdlet.ShouldProcess($before.Interface, 'IPv6 off')) {
    $bindings | Where-Object { $_.ComponentID -eq 'ms_tcpip6' } | Disable-NetAdapterBinding
}
if ($PSCmdlet.ShouldProcess($kept, 'delete what was kept')) {
    Remove-Item -LiteralPath $kept
}
