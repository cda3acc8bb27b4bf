#Requires -Version 5.1
#Requires -RunAsAdministrator
<#
.SYNOPSIS
Sets a network card up for the claims line (IP-VPN, IPv6, IPoE).
.DESCRIPTION
IPv4 off and IPv6 on for this card, metric 1, the resolvers of the closed network, and a rule that sends the names of
the claims network to these resolvers. With -WhatIf it tells what it would do and changes nothing. What was set before
is kept, so that ipoe-undo.ps1 can put it back. Nothing secret is read or kept.
#>
[CmdletBinding(SupportsShouldProcess)]
param(
    [string] $Interface = @@interface@@
)
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

$mark = 'seikyu-claims'
$resolvers = @(@@resolvers_v6@@)
$namespaces = @(@@namespaces@@)
$folder = Join-Path $env:ProgramData 'seikyu'
$kept = Join-Path $folder 'ipoe-before.xml'

$card = @(Get-NetAdapter | Where-Object { $_.Name -eq $Interface })
if ($card.Count -ne 1) {
    Write-Error ('Name the network card: .\ipoe.ps1 -Interface NAME. Cards: ' + ((Get-NetAdapter).Name -join ', '))
}
$index = $card[0].ifIndex
$bindings = @(Get-NetAdapterBinding | Where-Object { $_.Name -eq $Interface })
$v4 = @($bindings | Where-Object { $_.ComponentID -eq 'ms_tcpip' })
$v6 = @($bindings | Where-Object { $_.ComponentID -eq 'ms_tcpip6' })

if (-not (Test-Path -LiteralPath $kept)) {
    $metric = @(Get-NetIPInterface -InterfaceIndex $index -AddressFamily IPv6 -ErrorAction SilentlyContinue)
    $before = [pscustomobject]@{
        Interface = $Interface
        IPv4 = [bool] $v4[0].Enabled
        IPv6 = [bool] $v6[0].Enabled
        AutomaticMetric = if ($metric.Count) { [string] $metric[0].AutomaticMetric } else { 'Enabled' }
        Metric = if ($metric.Count) { [int] $metric[0].InterfaceMetric } else { 0 }
        Resolvers = @((Get-DnsClientServerAddress -InterfaceIndex $index -AddressFamily IPv6).ServerAddresses)
    }
    if ($PSCmdlet.ShouldProcess($kept, 'keep what is set now')) {
        New-Item -ItemType Directory -Path $folder -Force | Out-Null
        $before | Export-Clixml -LiteralPath $kept
    }
}
if ($PSCmdlet.ShouldProcess($Interface, 'IPv6 on')) {
    $v6 | Enable-NetAdapterBinding
}
if ($PSCmdlet.ShouldProcess($Interface, 'IPv4 off')) {
    $v4 | Disable-NetAdapterBinding
}
if ($PSCmdlet.ShouldProcess($Interface, 'router advertisements and DHCPv6 on, metric 1')) {
    Set-NetIPInterface -InterfaceIndex $index -AddressFamily IPv6 -RouterDiscovery Enabled -Dhcp Enabled -AutomaticMetric Disabled -InterfaceMetric 1
}
if ($PSCmdlet.ShouldProcess($Interface, 'resolvers ' + ($resolvers -join ', '))) {
    Set-DnsClientServerAddress -InterfaceIndex $index -ServerAddresses $resolvers
}
if ($PSCmdlet.ShouldProcess(($namespaces -join ', '), 'names of the claims network to these resolvers')) {
    Get-DnsClientNrptRule | Where-Object { $_.Comment -eq $mark } | Remove-DnsClientNrptRule -Force
    Add-DnsClientNrptRule -Namespace $namespaces -NameServers $resolvers -Comment $mark
    Clear-DnsClientCache
}
